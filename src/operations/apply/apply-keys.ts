import type { EtcdCluster } from '../../etcd/cluster.ts';
import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { ClusterKeys, GuardedPut } from '../../etcd/keys.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { ExportedKey, KeySource } from '../export/exported-key.ts';
import { batchesOf } from './batches.ts';
import { type Against, classify, type ExistingKeys, type KeyDecision } from './classify.ts';
import { isSurprise, type KeyOutcome, type Surprise } from './key-outcome.ts';
import { type LeaseRule, MappedLeases } from './leases.ts';
import { unexpectedKeysFailure } from './unexpected-keys-failure.ts';

/** What is written where. */
export interface ApplyRequest {
  readonly source: KeySource;
  readonly keys: ClusterKeys;
  readonly cluster: Pick<EtcdCluster, 'alarms'>;
  readonly existing: ExistingKeys;
  readonly isBeingDeleted: Against['isBeingDeleted'];
  readonly leases: LeaseRule;
  /** What to do at a key with another value, or one that etcd refuses: write nothing more, or leave the key alone. */
  readonly surprises: 'stop' | 'keep going';
}

/** What would be done about each key. Changes nothing. Throws a Failure. */
export async function* planApply(request: ApplyRequest, context: RunContext): AsyncGenerator<KeyOutcome, void> {
  for await (const batch of batchesOf(request.source)) {
    const decisions = await classify(batch, against(request), context);
    for (const [at, each] of batch.entries()) {
      const decision = decisions[at];
      if (decision !== undefined) {
        yield planned(each, decision);
      }
    }
  }
}

/**
 * Writes each key whose guard holds. Where `surprises` is `stop`, all keys are looked at before the first is written, and a key that
 * was changed meanwhile ends it. What is there already is not written again, so it may be run again at any time.
 * Throws a {@link Failure} `apply_conflict` after its outcome, and what etcd says.
 */
export async function* applyKeys(request: ApplyRequest, context: RunContext): AsyncGenerator<KeyOutcome, void> {
  await refuseFullCluster(request, context);
  if (request.surprises === 'stop') {
    yield* refuseSurprises(request, context);
  }
  const leases = new MappedLeases(request.keys, request.leases, context);
  for await (const batch of batchesOf(request.source)) {
    for await (const outcome of applyBatch(batch, { ...request, mapped: leases }, context)) {
      yield outcome;
      if (isSurprise(outcome) && request.surprises === 'stop') {
        const consequence = 'it was changed while this ran, and what follows it is not written';
        throw unexpectedKeysFailure({ first: outcome, others: 0 }, request.keys, consequence);
      }
    }
  }
}

function against({ keys, existing, isBeingDeleted }: ApplyRequest): Against {
  return { cluster: keys, existing, isBeingDeleted };
}

type WorkingRequest = ApplyRequest & { readonly mapped: MappedLeases };

/** Yields the surprises, and nothing where there is none. */
async function* refuseSurprises(request: ApplyRequest, context: RunContext): AsyncGenerator<KeyOutcome, void> {
  let first: Surprise | undefined;
  let count = 0;
  for await (const outcome of planApply(request, context)) {
    if (isSurprise(outcome)) {
      first ??= outcome;
      count++;
      yield outcome;
    }
  }
  if (first !== undefined) {
    throw unexpectedKeysFailure({ first, others: count - 1 }, request.keys, 'nothing was written');
  }
}

async function* applyBatch(
  batch: readonly ExportedKey[],
  request: WorkingRequest,
  context: RunContext,
): AsyncGenerator<KeyOutcome, void> {
  const decisions = await classify(batch, against(request), context);
  const puts: GuardedPut[] = [];
  for (const [at, each] of batch.entries()) {
    const decision = decisions[at];
    if (decision !== undefined && 'guard' in decision) {
      puts.push({ key: each.key, value: each.value, lease: await request.mapped.of(each), guard: decision.guard });
    }
  }
  const together = puts.length > 1 ? await request.keys.put(puts, context) : undefined;
  for (const [at, each] of batch.entries()) {
    const decision = decisions[at];
    if (decision === undefined) {
      continue;
    }
    if (!('guard' in decision)) {
      yield planned(each, decision);
    } else if (together?.kind === 'written') {
      yield written(each, decision.kind, together.revision);
    } else {
      yield await putAlone(each, decision, request, context);
    }
  }
}

/** How often a key whose guard does not hold is looked at again. */
const MOST_LOOKS = 3;

async function putAlone(
  each: ExportedKey,
  first: Extract<KeyDecision, { readonly guard: unknown }>,
  request: WorkingRequest,
  context: RunContext,
): Promise<KeyOutcome> {
  const { keys, mapped } = request;
  const { key, value } = each;
  const lease = await mapped.of(each);
  let decision: KeyDecision = first;
  // What was decided may be seconds old, or already be done, where the answer to the first try was lost.
  for (let looks = 0; looks < MOST_LOOKS && 'guard' in decision; looks++) {
    const result = await keys.put([{ key, value, lease, guard: decision.guard }], context);
    if (result.kind === 'written') {
      return written(each, decision.kind, result.revision);
    }
    if (result.kind === 'too large') {
      return planned(each, { kind: 'too large' });
    }
    const [next] = await classify([each], against(request), context);
    decision = next ?? decision;
  }
  return planned(each, 'guard' in decision ? { kind: 'conflict', modRevision: 0 } : decision);
}

function planned({ key, value }: ExportedKey, decision: KeyDecision): KeyOutcome {
  const size = value.length;
  switch (decision.kind) {
    case 'create':
    case 'replace':
    case 'present':
    case 'too large':
    case 'being deleted':
      return { kind: decision.kind, key, size };
    case 'left':
    case 'conflict':
      return { kind: decision.kind, key, size, revision: decision.modRevision };
    default:
      return decision satisfies never;
  }
}

function written({ key, value }: ExportedKey, kind: 'create' | 'replace', revision: number): KeyOutcome {
  return { kind: kind === 'create' ? 'created' : 'replaced', key, size: value.length, revision };
}

/** Without space every write fails, so none is begun. */
async function refuseFullCluster({ cluster, keys }: ApplyRequest, context: RunContext): Promise<void> {
  if ((await cluster.alarms(context)).some(({ alarm }) => alarm === 'NOSPACE')) {
    throw new EtcdFailure({
      code: 'etcd_no_space',
      action: 'write keys to',
      object: keys.location,
      found: 'its database has reached the quota, so it takes no writes',
      remedy: 'compact and defragment it, or raise --quota-backend-bytes; then etcdctl alarm disarm',
    });
  }
}
