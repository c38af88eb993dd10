import { identityOptions } from '../config/options/encryption.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { lookupOptions, secretsOptions, valueOutputOptions, versionsOptions } from '../config/options/lookup.ts';
import { walOptions } from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import type { KeyVersion } from '../operations/lookup/key-version.ts';
import { command } from './command.ts';
import { keyBytes } from './key-operand.ts';

/** `etcdbrctl get`. */
export const getCommand = command({
  name: 'get',
  description:
    'Reads the value of a key as a backup holds it, at its newest state or an older one, from a store, a file or the data ' +
    'directory of a stopped etcd. Nothing is restored and no etcd is needed. Objects of Kubernetes are decoded. Secrets are not shown ' +
    'as text or YAML without --show-secrets. The exit code is 1 when the key does not exist then.',
  examples: [
    {
      does: 'A key as it was before somebody changed it:',
      command: 'etcdbrctl get --time "2h ago" --store-container /backup /registry/configmaps/default/settings',
    },
    {
      does: 'A deployment as kubectl would show it:',
      command: 'etcdbrctl get -o yaml --store-container /backup /registry/deployments/shop/web',
    },
    {
      does: 'A value alone, byte by byte:',
      command: 'etcdbrctl get -o raw --file Full-00000000-00000058-1795251532.gz /registry/pods/default/web',
    },
  ],
  operand: { placeholder: 'KEY', completes: 'none', help: 'The whole key.' },
  groups: {
    lookup: lookupOptions,
    versions: versionsOptions,
    secrets: secretsOptions,
    store: storeOptions,
    identity: identityOptions,
    wal: walOptions,
    output: valueOutputOptions,
    logging: loggingOptions,
  },
  async run({ config, operand, context, print }) {
    const { format } = config.output;
    if (config.versions.allRevisions && format === 'raw') {
      throw new UsageFailure({
        action: 'use',
        object: '--output raw',
        found: '--all-revisions is given as well, and nothing would show where one value ends',
        remedy: 'give one of them, or -o json',
      });
    }
    const key = keyBytes(operand, config.lookup);
    const { withNamedState } = await import('./with-named-state.ts');
    const { findKey, noSuchKey, versionsOf } = await import('../operations/lookup/find-key.ts');
    const wanted = [{ kind: 'key', key }] as const;
    if (format === 'raw') {
      await withNamedState({ ...config, wanted }, context, async (state) => {
        await print((await findKey(key, state, context)).value);
      });
      return;
    }
    const { versionData, versionLines, versionYaml } = await import('./output/key-versions.ts');
    const { LinePrinter } = await import('./output/line-printer.ts');
    await withNamedState({ ...config, wanted }, context, async (state) => {
      const printer = new LinePrinter(print);
      const linesOf = (version: KeyVersion): readonly string[] =>
        format === 'json'
          ? [versionData(version, state)]
          : format === 'yaml'
            ? [versionYaml(version, state, config.secrets).trimEnd()]
            : versionLines(version, state, config.secrets);
      if (!config.versions.allRevisions) {
        const found = await findKey(key, state, context);
        await printer.add(...linesOf(found));
        await printer.end();
        return;
      }
      let count = 0;
      for await (const version of versionsOf(key, state, context)) {
        const between = count === 0 || format === 'json' ? [] : [format === 'yaml' ? '---' : ''];
        await printer.add(...between, ...linesOf(version));
        count++;
      }
      await printer.end();
      if (count === 0) {
        throw noSuchKey(key, state, undefined);
      }
    });
  },
});
