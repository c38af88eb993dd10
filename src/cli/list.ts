import { listOptions } from '../config/options/list.ts';
import { loggingOptions, reportOptions } from '../config/options/logging.ts';
import { storeOptions } from '../config/options/store.ts';
import type { BackupCatalog } from '../operations/list/list.ts';
import { Failure } from '../runtime/failure.ts';
import { command } from './command.ts';
import { formatReport } from './output/report.ts';

/** `etcdbrctl list`. */
export const listCommand = command({
  name: 'list',
  description:
    'Lists the snapshots of a store as chains: a full snapshot and the deltas after it, with times, sizes and the ' +
    'revisions that are missing between them. Only names are read, and of fulls the last bytes, which say where they come from. The last chain is the one that restore takes; the ' +
    'exit code is 1 when it is broken. Of several histories the chains are those of the one that was written last, or of --history.',
  examples: [
    { does: 'What is in a store:', command: 'etcdbrctl list --storage-provider Local --store-container /backup' },
    {
      does: 'The same for a script:',
      command: 'etcdbrctl list --storage-provider S3 --store-container etcd-backup -o json',
    },
  ],
  groups: { list: listOptions, store: storeOptions, output: reportOptions, logging: loggingOptions },
  async run({ config, context, print }) {
    const { openStore } = await import('./open-store.ts');
    const { listBackups } = await import('../operations/list/list.ts');
    const { doubtText } = await import('../operations/history/fork-failure.ts');
    const { originsOf } = await import('../operations/list/origins.ts');
    const { brokenNewest, catalogReport } = await import('./output/catalog.ts');
    await using store = await openStore(config.store, context);
    const catalog = await listBackups({ store, history: config.list.history }, context);
    const report = catalogReport(catalog, {
      now: context.clock.now(),
      deltas: config.list.all ? 'all' : 'shortened',
      origins: await originsOf({ store, catalog }, context),
    });
    await print(await formatReport(report, config.output.format));
    refuseAbsent(catalog);
    refuseWrongFolder(catalog);
    refuseBroken(catalog, brokenNewest(catalog));
    refuseDoubts(catalog, doubtText);
  },
});

/** A directory that is not there is mistyped or not mounted far more often than new: an error, as a bucket that does not exist is. */
function refuseAbsent({ empty, location }: BackupCatalog): void {
  if (empty?.kind === 'no container') {
    throw new Failure({
      code: 'no_backup',
      action: 'list the backups in',
      object: location,
      found: 'it does not exist',
      remedy: 'check --store-container, and whether its volume is mounted; the first snapshot makes it',
    });
  }
}

/** There are snapshots, but no command finds them there. A place without any may be that of a cluster without a backup so far. */
function refuseWrongFolder({ empty, location }: BackupCatalog): void {
  if (empty?.kind === 'directly here') {
    throw new Failure({
      code: 'no_backup',
      action: 'list the backups in',
      object: location,
      found: 'snapshots are directly there, not in a folder v2 below it',
      remedy: 'give the directory above, or move them into a folder v2',
    });
  }
}

/** Where it is not known which history is the living one, or nothing of it is there, `restore` may refuse. */
function refuseDoubts(
  { histories, history, location }: BackupCatalog,
  doubtText: (fork: BackupCatalog['histories']['suspected'][number]) => string,
): void {
  const [suspected] = histories.suspected;
  if (history !== histories.living) {
    return;
  }
  if (suspected !== undefined) {
    throw new Failure({
      code: 'history_fork',
      action: 'find the newest state of',
      object: location,
      found: doubtText(suspected),
      remedy:
        'see etcdbrctl verify, which compares them, and start snapshot, which proves which history the cluster is in',
    });
  }
  const { begunBy } = histories.living;
  if (begunBy !== undefined && !history.snapshots.some(({ kind, chunk }) => kind === 'Full' && chunk === undefined)) {
    throw new Failure({
      code: 'no_backup',
      action: 'restore the newest state of',
      object: location,
      found: `${begunBy.name} says that a new history began with ${begunBy.first}, and no full of it is there`,
      remedy: `take a full snapshot of the running cluster; what was left can be restored with --history, and where the marker is none of this program, remove it`,
    });
  }
}

/** A backup whose newest state is lost has to be noticed by a script, too. */
function refuseBroken(catalog: BackupCatalog, found: string | undefined): void {
  if (found !== undefined) {
    throw new Failure({
      code: 'backup_gap',
      action: 'restore the newest state of',
      object: catalog.location,
      found,
      remedy: 'see etcdbrctl verify, and take a full snapshot of the running cluster',
    });
  }
}
