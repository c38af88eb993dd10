import type { Revision } from '../../revision.ts';
import { runTaskGroup } from '../../runtime/async/task-group.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { type Catalog, catalogOf } from '../../snapshot/catalog.ts';
import { restorable } from '../../snapshot/chain.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { chooseDeltas } from '../restore/deltas/choose.ts';
import { checkObject } from './check-snapshot.ts';
import { type Finding, findingOf } from './findings.ts';
import { type TriedRestore, tryRestore } from './scratch-restore.ts';

/** How much is proved; each level includes those before it. */
export type VerifyLevel = 'catalog' | 'hash' | 'structure' | 'restore';

/** What to verify. */
export interface VerifyRequest {
  readonly store: SnapStore;
  readonly level: VerifyLevel;
  /** Objects to read besides those of the newest chain, chosen at random; undefined for all. */
  readonly sample: number | undefined;
  /** Where scratch files go; made when missing. */
  readonly tempDir: string;
  /** Deltas read at once. */
  readonly maxFetchers: number;
}

/** What a verification has found out. */
export interface VerifyResult {
  readonly location: string;
  readonly level: VerifyLevel;
  readonly findings: readonly Finding[];
  readonly chains: number;
  /** Whole snapshots in the store, and those of them that were read. */
  readonly objects: number;
  readonly read: number;
  /** What the names promise; undefined without a full. */
  readonly newestRevision: Revision | undefined;
  /** The last state that is proved, at this level, to be restorable; undefined when none is. */
  readonly provable: { readonly revision: Revision; readonly snapshots: readonly string[] } | undefined;
  /** The restore that was tried at level `restore`. */
  readonly restored: TriedRestore | undefined;
}

/**
 * Verifies the backups of a store. What is wrong with them is part of the result; throws a StoreError or Failure when they
 * cannot be read at all.
 */
export async function verifyBackups(request: VerifyRequest, context: RunContext): Promise<VerifyResult> {
  const { store, level } = request;
  const { snapshots } = await store.list({ signal: context.signal });
  const catalog = catalogOf(snapshots);
  const whole = restorable(snapshots);
  const examined = await examine({ request, catalog, whole }, context);
  const usable = whole.filter((snapshot) => !examined.bad.has(snapshot));
  const proof = prove(usable, examined.revisions);
  const findings = [...examined.findings, ...continuity(catalog)];
  const base = {
    location: store.location,
    level,
    chains: catalog.chains.length,
    objects: whole.length,
    read: examined.read,
    newestRevision: catalog.chains.at(-1)?.lastRevision,
  };
  if (level !== 'restore' || proof === undefined) {
    return { ...base, findings, provable: proof?.provable, restored: undefined };
  }
  try {
    const until = proof.complete ? undefined : proof.provable.revision;
    const restored = await tryRestore({ ...request, store: onlyOf(store, usable), until }, context);
    return { ...base, findings, provable: proof.provable, restored };
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const finding: Finding = { weight: 'problem', snapshot: undefined, text: `the restore failed: ${error.message}` };
    return { ...base, findings: [...findings, finding], provable: undefined, restored: undefined };
  }
}

interface Examination {
  readonly findings: Finding[];
  readonly bad: Set<StoredSnapshot>;
  /** Real last revisions, as far as they were read. */
  readonly revisions: Map<StoredSnapshot, Revision>;
  read: number;
}

async function examine(
  work: {
    readonly request: VerifyRequest;
    readonly catalog: Catalog<StoredSnapshot>;
    readonly whole: readonly StoredSnapshot[];
  },
  context: RunContext,
): Promise<Examination> {
  const { request, catalog, whole } = work;
  const examination: Examination = { findings: [], bad: new Set(), revisions: new Map(), read: 0 };
  if (request.level === 'catalog') {
    return examination;
  }
  const chosen = choose(whole, catalog, request.sample);
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  using bar = context.progress.start({ label: 'verify', unit: 'bytes', total });
  const level = request.level === 'hash' ? 'hash' : 'structure';
  const examineOne = async (snapshot: StoredSnapshot, signal: AbortSignal): Promise<void> => {
    try {
      const facts = await checkObject({ ...request, snapshot, level }, { ...context, signal });
      if (facts.lastRevision !== undefined) {
        examination.revisions.set(snapshot, facts.lastRevision);
      }
      if (facts.problem !== undefined) {
        examination.bad.add(snapshot);
        examination.findings.push({ weight: 'problem', snapshot: snapshot.name, text: facts.problem });
      }
    } catch (error) {
      const finding = findingOf(error, snapshot);
      if (finding === undefined) {
        throw error;
      }
      examination.bad.add(snapshot);
      examination.findings.push(finding);
    }
    examination.read++;
    bar.advance(snapshot.size);
  };
  // One database at a time, as each may fill the scratch directory; deltas are small.
  await inTurns(
    chosen.filter(({ kind }) => kind === 'Full'),
    { workers: 1, act: examineOne },
    context.signal,
  );
  const workers = request.maxFetchers;
  await inTurns(
    chosen.filter(({ kind }) => kind === 'Incr'),
    { workers, act: examineOne },
    context.signal,
  );
  return examination;
}

/** The newest chain, and all or some of the others. */
function choose(
  whole: readonly StoredSnapshot[],
  catalog: Catalog<StoredSnapshot>,
  sample: number | undefined,
): readonly StoredSnapshot[] {
  const newest = catalog.chains.at(-1);
  const needed = new Set([newest?.base, ...(newest?.deltas ?? [])]);
  const others = whole.filter((snapshot) => !needed.has(snapshot));
  const drawn = new Set<StoredSnapshot>(sample === undefined ? others : draw(others, sample));
  return whole.filter((snapshot) => needed.has(snapshot) || drawn.has(snapshot));
}

function draw(from: readonly StoredSnapshot[], count: number): readonly StoredSnapshot[] {
  return from
    .map((snapshot) => ({ snapshot, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ snapshot }) => snapshot);
}

async function inTurns(
  snapshots: readonly StoredSnapshot[],
  how: { readonly workers: number; act(snapshot: StoredSnapshot, signal: AbortSignal): Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const queue = snapshots.values();
  const worker = async (stop: AbortSignal): Promise<void> => {
    for (const snapshot of queue) {
      await how.act(snapshot, stop);
    }
  };
  await runTaskGroup(
    Array.from({ length: how.workers }, () => worker),
    signal,
  );
}

/** How far the sound snapshots reach; `complete` when no hole ends the way. */
function prove(
  usable: readonly StoredSnapshot[],
  revisions: ReadonlyMap<StoredSnapshot, Revision>,
): { readonly provable: NonNullable<VerifyResult['provable']>; readonly complete: boolean } | undefined {
  const base = usable.findLast(({ kind }) => kind === 'Full');
  if (base === undefined) {
    return undefined;
  }
  const candidates = usable.slice(usable.indexOf(base) + 1);
  const covered = revisions.get(base) ?? base.lastRevision;
  const { deltas, lastRevision, missing } = chooseDeltas({ base, candidates }, { covered, until: undefined });
  const snapshots = [base, ...deltas].map(({ name }) => name);
  return { provable: { revision: lastRevision, snapshots }, complete: missing === undefined };
}

/** A hole in the newest chain is a problem; older chains lose their deltas to garbage collection, oldest first. */
function continuity({ chains }: Catalog<StoredSnapshot>): readonly Finding[] {
  if (chains.length === 0) {
    return [{ weight: 'problem', snapshot: undefined, text: 'the store holds no snapshot' }];
  }
  return chains.flatMap(({ base, missing, beyond, notes }, at) => {
    const weight = at === chains.length - 1 ? 'problem' : 'note';
    const overlaps = notes
      .filter(({ kind }) => kind === 'overlap')
      .map(({ delta }): Finding => ({ weight: 'note', snapshot: delta.name, text: 'it overlaps an earlier snapshot' }));
    const what = base === undefined ? 'no full snapshot precedes it' : undefined;
    return missing === undefined
      ? overlaps
      : [
          ...overlaps,
          {
            weight,
            snapshot: beyond[0]?.name,
            text: what ?? `revisions ${missing.from} to ${missing.to} are missing before it`,
          },
        ];
  });
}

/** The store as if it held nothing but these. */
function onlyOf(store: SnapStore, snapshots: readonly StoredSnapshot[]): SnapStore {
  return {
    traits: store.traits,
    location: store.location,
    list: () => Promise.resolve({ snapshots, ignored: [] }),
    fetch: (snapshot, options) => store.fetch(snapshot, options),
    save: (snapshot, body, options) => store.save(snapshot, body, options),
    delete: (snapshot, options) => store.delete(snapshot, options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
