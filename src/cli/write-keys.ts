import type { ValuesOf } from '../config/option.ts';
import type { writeOptions } from '../config/options/apply.ts';
import type { EtcdConnection } from '../etcd/connect.ts';
import { applyKeys, planApply } from '../operations/apply/apply-keys.ts';
import type { ExistingKeys } from '../operations/apply/classify.ts';
import { isSurprise } from '../operations/apply/key-outcome.ts';
import {
  type BackedUpCluster,
  type KnownCluster,
  type KnownMembers,
  otherCluster,
  otherClusterFailure,
  otherClusterText,
} from '../operations/apply/other-cluster.ts';
import { unexpectedKeysFailure } from '../operations/apply/unexpected-keys-failure.ts';
import type { KeySource } from '../operations/export/exported-key.ts';
import { OwnersFirst } from '../operations/export/owners-first.ts';
import { isConsequenceOf } from '../runtime/process/is-consequence-of.ts';
import { LeftUndone } from '../runtime/process/left-undone.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { belongingOf, isBeingDeleted } from './object-owners.ts';
import { OutcomeCount, outcomeData, outcomeLine } from './output/key-outcomes.ts';
import { LinePrinter } from './output/line-printer.ts';

/** What `apply` and `undelete` write, and how they show it. */
export interface WriteRequest {
  readonly source: KeySource;
  /** The cluster that the keys come from, as far as it is known. */
  readonly from: BackedUpCluster;
  readonly connection: {
    readonly cluster: Pick<EtcdConnection['cluster'], 'alarms'> & KnownCluster;
    readonly members: KnownMembers;
    readonly keys: EtcdConnection['keys'];
  };
  readonly existing: ExistingKeys;
  /** Which keys have a line: not those that are there already and were not asked for. */
  readonly shown: 'all' | 'what was deleted';
  readonly options: ValuesOf<(typeof writeOptions)['options']>;
  readonly format: 'text' | 'json';
  readonly print: (text: string) => Promise<void>;
}

/** Writes keys, or shows what would be written, a line for each. Throws a Failure when one was not what it should be. */
export async function writeKeys(
  { source, from, connection, existing, shown, options, format, print }: WriteRequest,
  context: RunContext,
): Promise<void> {
  const { yes, leases, keepGoing } = options;
  const { cluster, members, keys } = connection;
  const surprises = keepGoing ? 'keep going' : 'stop';
  const request = {
    source: new OwnersFirst(source, belongingOf),
    cluster,
    keys,
    existing,
    isBeingDeleted,
    leases,
    surprises,
  } as const;
  if (!yes && (await cluster.alarms(context)).some(({ alarm }) => alarm === 'NOSPACE')) {
    context.log.warn(
      `${cluster.location} has reached its quota and takes no writes: with --yes nothing could be written`,
    );
  }
  const other = await otherCluster(from, { cluster, members }, context);
  if (other !== undefined && options.otherCluster) {
    context.log.info(`Written to another cluster, as asked for: ${otherClusterText(other)}`);
  } else if (other !== undefined && yes) {
    throw otherClusterFailure(other, cluster, 'nothing was written');
  }
  const count = new OutcomeCount();
  const printer = new LinePrinter(print);
  try {
    for await (const outcome of (yes ? applyKeys : planApply)(request, context)) {
      count.add(outcome);
      if (outcome.kind === 'present' && shown === 'what was deleted') {
        continue;
      }
      await printer.add(format === 'json' ? outcomeData(outcome) : outcomeLine(outcome));
    }
  } catch (error) {
    // What was written before stays written, and is reported.
    await printer.add(...(format === 'json' || !yes ? [] : [count.text('done')]));
    await printer.end();
    const { aborted, reason } = context.signal;
    throw yes && aborted && isConsequenceOf(error, reason) ? leftUnwritten(reason, count, keys.location) : error;
  }
  await printer.add(...(format === 'json' ? [] : [count.text(yes ? 'done' : 'planned')]));
  await printer.end();
  if (other !== undefined && !options.otherCluster) {
    throw otherClusterFailure(other, cluster, '--yes would write nothing');
  }
  const { first, others } = count.surprises;
  if (first !== undefined && isSurprise(first)) {
    const consequence = yes
      ? 'all others are written'
      : keepGoing
        ? '--yes would leave it out'
        : '--yes would write nothing';
    throw unexpectedKeysFailure({ first, others }, keys, consequence);
  }
}

/** A request that was on its way may have been done as well. */
function leftUnwritten(reason: unknown, count: OutcomeCount, object: string): LeftUndone {
  const why = reason instanceof Error ? reason.message : 'interrupted';
  return new LeftUndone({
    action: 'write all keys to',
    object,
    found: `${why}, with ${count.text('done')}`,
    remedy: 'run it again for the rest: what is there is not written again',
    reason,
  });
}
