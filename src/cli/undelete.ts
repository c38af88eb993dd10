import { undeleteOptions, writeOptions } from '../config/options/apply.ts';
import { identityOptions } from '../config/options/encryption.ts';
import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { namespaceOptions } from '../config/options/kubernetes.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { storeOptions } from '../config/options/store.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import type { KnownState } from '../operations/lookup/state.ts';
import { Failure } from '../runtime/failure.ts';
import { command } from './command.ts';
import { keyPrefixes, wantedPrefixes } from './key-operand.ts';
import { wantedText } from './wanted-text.ts';

/** `etcdbrctl undelete`. */
export const undeleteCommand = command({
  name: 'undelete',
  description:
    'Reads the keys that begin with PREFIX as they were right before a time or a revision, from the backup of a running etcd, and shows ' +
    'those that are not there now; --yes writes them. Keys that exist are left alone, whatever their value. The state that is brought ' +
    'back has to be in a backup: the last delta of a running snapshotter is at most one period old.',
  examples: [
    {
      does: 'What an unlucky command has deleted:',
      command:
        'etcdbrctl undelete --before "10m ago" --store-container /backup -e http://127.0.0.1:2379 /registry/configmaps/shop/',
    },
    {
      does: 'Bring back a whole namespace of Kubernetes:',
      command: 'etcdbrctl undelete --yes --before "10m ago" -n shop --store-container /backup -e http://127.0.0.1:2379',
    },
  ],
  operand: {
    placeholder: 'PREFIX...',
    completes: 'none',
    help: 'What the keys begin with; may be left out with --namespace.',
    count: { least: 0, most: 1_000 },
  },
  groups: {
    undelete: undeleteOptions,
    objects: namespaceOptions,
    write: writeOptions,
    store: storeOptions,
    identity: identityOptions,
    connection: etcdConnectionOptions,
    output: outputOptions,
    logging: loggingOptions,
  },
  async run({ config, operands, context, print }) {
    const { before, beforeRevision, history, tempDir, maxFetchers } = config.undelete;
    const prefixes = keyPrefixes(operands, { ...config.undelete, ...config.objects, command: 'undelete' });
    const { limitBefore } = await import('./limit-before.ts');
    const until = limitBefore({ before, beforeRevision }, { now: context.clock.now() });
    if (until === undefined) {
      throw new UsageFailure({
        action: 'run',
        object: 'undelete',
        found: 'neither --before nor --before-revision is given',
        remedy: 'give the time of the deletion, or its revision, which etcdbrctl history shows',
      });
    }
    const { connect } = await import('../etcd/connect.ts');
    const { openReadStore } = await import('./open-store.ts');
    const { withState } = await import('../operations/lookup/with-state.ts');
    const { StateKeys } = await import('../operations/export/state-keys.ts');
    const { namespaceFilter } = await import('./namespace-filter.ts');
    const { undeleteAdvice } = await import('./undelete-advice.ts');
    const { writeKeys } = await import('./write-keys.ts');
    await using connection = await connect(config.connection, context);
    await using store = await openReadStore(config.store, config.identity, context);
    const source = { kind: 'store', store, target: { until, history } } as const;
    const wanted = wantedPrefixes(prefixes);
    const request = { source, tempDir, maxFetchers, wanted, content: 'keys and leases' } as const;
    const read = withState(request, context, async (state) => {
      const keys = await StateKeys.read(state, { prefixes, wants: namespaceFilter(config.objects.namespace) }, context);
      if (await keys.isEmpty()) {
        throw nothingToBringBack(state, { prefixes, ...config.objects });
      }
      context.log.info(
        { revision: state.revision },
        config.write.yes
          ? `Bringing back what revision ${state.revision} had`
          : `Comparing what revision ${state.revision} had with the cluster`,
      );
      await writeKeys(
        {
          source: keys,
          from: state,
          connection,
          shown: 'what was deleted',
          existing: { unchangedSince: undefined, others: 'left' },
          options: config.write,
          format: config.output.format,
          print,
        },
        context,
      );
    });
    await read.catch((error: unknown) => {
      throw undeleteAdvice(error);
    });
  },
});

/** A prefix that is mistyped, or a time after the deletion or before the keys were there, must not look like a success. */
function nothingToBringBack({ location, revision }: KnownState, wanted: Parameters<typeof wantedText>[0]): Failure {
  return new Failure({
    code: 'no_such_key',
    action: 'bring back keys from',
    object: location,
    found: `no ${wantedText(wanted)} is there at revision ${revision}, so there is nothing to bring back`,
    remedy: `see etcdbrctl ls --revision ${revision} for what was there then, and etcdbrctl history for when a key was deleted`,
  });
}
