import { identityOptions } from '../config/options/encryption.ts';
import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { objectDiffOptions } from '../config/options/kubernetes.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { compareOptions, secretsOptions } from '../config/options/lookup.ts';
import { walOptions } from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import type { KeysWanted } from '../operations/export/state-keys.ts';
import type { StatePair } from '../operations/lookup/compare-states.ts';
import { command } from './command.ts';
import { diffAdvice } from './diff-advice.ts';
import { keyBytes } from './key-operand.ts';
import type { CommandContext } from './session.ts';
import { wantedText } from './wanted-text.ts';

/** `etcdbrctl diff`. */
export const diffCommand = command({
  name: 'diff',
  description:
    'Shows the keys that were added, changed and deleted between two states. Values that are text, and objects of Kubernetes, are ' +
    'compared line by line; secrets are not shown without --show-secrets. A key that was written again with the same value is no ' +
    'difference. JSON is one line a key.',
  examples: [
    {
      does: 'What was lost in the last hour:',
      command: 'etcdbrctl diff --prefix /registry/ --store-container /backup "1h ago" newest',
    },
    {
      does: 'The same in the terms of Kubernetes: how many objects of each kind, in which namespace:',
      command: 'etcdbrctl diff --kubernetes --prefix /registry/ --store-container /backup "1h ago" newest',
    },
    {
      does: 'What a cluster has that its backup does not:',
      command: 'etcdbrctl diff --store-container /backup -e http://127.0.0.1:2379 newest live',
    },
  ],
  operand: {
    placeholder: 'A B',
    completes: 'file',
    help:
      'Two states, each a revision, a time, the name of a snapshot, newest (all four of the store), a file or data directory, or ' +
      'live (what the cluster at --endpoints holds now).',
    count: { least: 2, most: 2 },
  },
  groups: {
    compare: compareOptions,
    secrets: secretsOptions,
    objects: objectDiffOptions,
    store: storeOptions,
    identity: identityOptions,
    wal: walOptions,
    connection: etcdConnectionOptions,
    output: outputOptions,
    logging: loggingOptions,
  },
  async run({ config, operands, context, print }) {
    const prefix = keyBytes(config.compare.prefix ?? '', config.compare);
    const { ComparedStates } = await import('./compared-states.ts');
    const { withStates } = await import('../operations/lookup/with-states.ts');
    const { compareStates } = await import('../operations/lookup/compare-states.ts');
    const { differenceData, differenceLines, DifferenceCount } = await import('./output/differences.ts');
    const { ObjectChanges } = await import('./output/kubernetes-objects.ts');
    const { namespaceFilter } = await import('./namespace-filter.ts');
    const { LinePrinter } = await import('./output/line-printer.ts');
    const wants = namespaceFilter(config.objects.namespace) ?? (() => true);
    const { format } = config.output;
    const [a = '', b = ''] = operands;
    await using states = new ComparedStates(config, context);
    const wanted = [{ kind: 'prefix', prefix }] as const;
    const requests = { before: { ...(await states.state(a)), wanted }, after: { ...(await states.state(b)), wanted } };
    const compared = withStates(requests, context, async (pair) => {
      const printer = new LinePrinter(print);
      const count = new DifferenceCount();
      const objects = config.objects.kubernetes ? new ObjectChanges() : undefined;
      for await (const difference of compareStates(pair, { prefix }, context)) {
        const { value } = difference.kind === 'deleted' ? difference.before : difference.after;
        if (!wants(difference.key, value)) {
          continue;
        }
        count.add(difference);
        if (objects !== undefined) {
          objects.add(difference);
          continue;
        }
        await printer.add(
          ...(format === 'json' ? [differenceData(difference)] : differenceLines(difference, config.secrets)),
        );
      }
      await printer.add(...(objects?.lines(format) ?? []), ...(format === 'json' ? [] : [count.text(pair)]));
      await printer.end();
      if (count.isEmpty && (await areEmpty(pair, { prefix, wants }, context))) {
        const what = wantedText({ prefixes: [prefix], namespace: config.objects.namespace });
        context.log.warn(`No ${what} is there in either state`);
      }
    });
    await compared.catch((error: unknown) => {
      throw diffAdvice(error);
    });
  },
});

/** Whether there is nothing to compare: a prefix that is mistyped shows no difference either. */
async function areEmpty(
  { before, after }: StatePair,
  { prefix, wants }: { readonly prefix: Uint8Array; readonly wants: KeysWanted['wants'] },
  context: CommandContext,
): Promise<boolean> {
  const { StateKeys } = await import('../operations/export/state-keys.ts');
  for (const state of [after, before]) {
    if (!(await (await StateKeys.read(state, { prefixes: [prefix], wants }, context)).isEmpty())) {
      return false;
    }
  }
  return true;
}
