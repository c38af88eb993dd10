import path from 'node:path';
import type { ConfigOf } from '../config/command-spec.ts';
import { identityOptions } from '../config/options/encryption.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions, walOptions } from '../config/options/restoration.ts';
import { restoreChangesOptions } from '../config/options/restore-changes.ts';
import { restoreTargetOptions } from '../config/options/restore-target.ts';
import { storeOptions } from '../config/options/store.ts';
import type { PreparedCompanion, RestoredCompanion } from '../operations/companion/companion.ts';
import type { RestoreTarget } from '../operations/restore/target.ts';
import { revision } from '../revision.ts';
import { formatCount } from '../runtime/log/amount.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { command } from './command.ts';
import { restoreResult } from './output/restore-result.ts';
import { formatResult, type PrintableResult } from './output/result.ts';
import { Stopwatch } from './output/stopwatch.ts';
import { pastTime } from './past-time.ts';
import type { CommandContext } from './session.ts';

const groups = {
  target: restoreTargetOptions,
  store: storeOptions,
  identity: identityOptions,
  restoration: restorationOptions,
  wal: walOptions,
  member: memberOptions,
  changes: restoreChangesOptions,
  output: outputOptions,
  logging: loggingOptions,
  embeddedEtcd: embeddedEtcdOptions,
} as const;

type RestoreConfig = ConfigOf<typeof groups>;

/** `etcdbrctl restore`. */
export const restoreCommand = command({
  name: 'restore',
  description:
    'Builds the data directory of an etcd member from the newest full snapshot in the store and the deltas ' +
    'after it, or from those that lead to an older state. No etcd is needed. The data directory must not hold a ' +
    'member yet.',
  examples: [
    {
      does: 'Restore a single member:',
      command: 'etcdbrctl restore --storage-provider Local --store-container /backup -d /var/etcd/data',
    },
    {
      does: 'See what a restore to an older state would use, without doing it:',
      command: 'etcdbrctl restore --store-container /backup --to-time 2026-11-21T09:30:00Z --plan',
    },
    {
      does: 'Restore a file that etcdctl snapshot save has written:',
      command: 'etcdbrctl restore --file snapshot.db -d /var/etcd/data',
    },
    {
      does: 'Restore one member of three; run it once for each with its own name and address:',
      command:
        'etcdbrctl restore --storage-provider Local --store-container /backup -d /var/etcd/data --name a ' +
        '--initial-cluster a=http://a:2380,b=http://b:2380,c=http://c:2380 ' +
        '--initial-advertise-peer-urls http://a:2380',
    },
  ],
  groups,
  async run({ config, given, context, print }) {
    await using store = await openSource(config, context);
    const target = targetOf(config, context.clock.now());
    if (config.target.plan) {
      const { planRestore, refuseIncompletePlan } = await import('../operations/restore/plan.ts');
      const { planResult } = await import('./output/plan.ts');
      const plan = await planRestore({ store, target }, context);
      await print(planResult(plan, { format: config.output.format, now: context.clock.now() }));
      refuseIncompletePlan(plan);
      return;
    }
    if (config.member.initialCluster.size > 1) {
      const { warnOfLivingPeers } = await import('../operations/restore/living-peers.ts');
      await warnOfLivingPeers(config.member, context);
    }
    const { restore } = await import('../operations/restore/restore.ts');
    const watch = new Stopwatch(context.clock);
    const { bumpRevision, unknownLeases } = config.changes;
    await using companions = await preparedCompanions({ config, store, target }, context);
    const result = await restore(
      { store, target, member: config.member, ...config.restoration, ...config.wal, bumpRevision, unknownLeases },
      context,
    );
    const reported = withPlace(restoreResult(result, watch), given.has('data-dir') ? undefined : result.dataDir);
    // What was restored is reported whatever becomes of the companions.
    const [broughtBack] = await Promise.allSettled([companions?.bringBack(result.snapshots[0])]);
    const companion = broughtBack.status === 'fulfilled' ? broughtBack.value : undefined;
    await print(formatResult(withCompanion(reported, companion), config.output.format));
    if (broughtBack.status === 'rejected') {
      throw broughtBack.reason;
    }
  },
});

/** Looks for the archive that was stored with the full and unpacks it aside, if `--companions` asks for it. */
async function preparedCompanions(
  work: { readonly config: RestoreConfig; readonly store: SnapStore; readonly target: RestoreTarget },
  context: RunContext,
): Promise<PreparedCompanion | undefined> {
  const { config, store, target } = work;
  const directory = config.target.companions;
  if (directory === undefined) {
    return undefined;
  }
  const { planRestore } = await import('../operations/restore/plan.ts');
  const { prepareCompanion } = await import('../operations/companion/companion.ts');
  const { base } = await planRestore({ store, target }, context);
  const owners = process.getuid?.() === 0 ? ('kept' as const) : ('ours' as const);
  return await prepareCompanion({ store, fullName: base.name, directory, owners }, context);
}

/** Nobody who named no directory looks for one where the command was run. */
function withPlace(result: PrintableResult, byDefault: string | undefined): PrintableResult {
  return byDefault === undefined
    ? result
    : {
        ...result,
        lines: [
          ...result.lines,
          ['BUILT IN', `${path.resolve(byDefault)}, as no --data-dir was given: start etcd there, or move it`],
        ],
      };
}

function withCompanion(result: PrintableResult, companion: RestoredCompanion | undefined): PrintableResult {
  return companion === undefined
    ? result
    : {
        lines: [
          ...result.lines,
          ['Companion', companion.companion],
          ['Companion files', `${formatCount(companion.files)} in ${companion.directory}`],
        ],
        json: { ...result.json, companion },
      };
}

/** The store, or `--file` as a store of one object. */
async function openSource(config: RestoreConfig, context: CommandContext): Promise<SnapStore> {
  const { file } = config.target;
  if (file === undefined) {
    const { openReadStore } = await import('./open-store.ts');
    return await openReadStore(config.store, config.identity, context);
  }
  const { openSnapshotFile } = await import('../objects/single-file-store.ts');
  const { identitiesOf } = await import('./encryption-keys.ts');
  const identities = await identitiesOf(config.identity, context);
  const hash = config.restoration.skipHashCheck ? ('optional' as const) : ('needed' as const);
  return (await openSnapshotFile(file, { hash, identities })).store;
}

function targetOf({ target: { snapshot, toRevision, toTime, history } }: RestoreConfig, now: number): RestoreTarget {
  const until =
    toTime !== undefined
      ? ({ kind: 'time', time: pastTime(toTime, { object: '--to-time', now }) } as const)
      : toRevision !== undefined
        ? ({ kind: 'revision', revision: revision(toRevision) } as const)
        : undefined;
  return { from: snapshot, until, history };
}
