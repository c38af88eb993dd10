import type { ValuesOf } from '../config/option.ts';
import type { objectListOptions } from '../config/options/kubernetes.ts';
import type { outputOptions } from '../config/options/logging.ts';
import type { groupingOptions } from '../config/options/lookup.ts';
import { StateKeys } from '../operations/export/state-keys.ts';
import { namespaceFilter } from './namespace-filter.ts';
import { ObjectGroups, objectHead, objectRow } from './output/kubernetes-objects.ts';
import { LinePrinter } from './output/line-printer.ts';
import type { CommandContext } from './session.ts';
import { wantedText } from './wanted-text.ts';
import { type LookupConfig, withNamedState } from './with-named-state.ts';

/** What the flags of `ls` say. */
interface ObjectListConfig extends LookupConfig {
  readonly grouping: ValuesOf<(typeof groupingOptions)['options']>;
  readonly objects: ValuesOf<(typeof objectListOptions)['options']>;
  readonly output: ValuesOf<(typeof outputOptions)['options']>;
}

/** `ls --kubernetes`: what is stored below a prefix as objects, one a line or counted. */
export async function listObjects(
  {
    prefix,
    config,
    print,
  }: {
    readonly prefix: Uint8Array;
    readonly config: ObjectListConfig;
    readonly print: (text: string) => Promise<void>;
  },
  context: CommandContext,
): Promise<void> {
  const { format } = config.output;
  const { depth } = config.grouping;
  const printer = new LinePrinter(print);
  const wanted = [{ kind: 'prefix', prefix }] as const;
  await withNamedState({ ...config, wanted }, context, async (state) => {
    const wants = namespaceFilter(config.objects.namespace);
    const keys = await StateKeys.read(state, { prefixes: [prefix], wants }, context);
    const groups = depth === undefined ? undefined : new ObjectGroups(depth);
    await printer.add(...(groups === undefined && format === 'text' ? [objectHead] : []));
    let isEmpty = true;
    for await (const key of keys.keys()) {
      isEmpty = false;
      if (groups === undefined) {
        await printer.add(objectRow(key, format));
      } else {
        groups.add(key);
      }
    }
    await printer.add(...(groups?.lines(format) ?? []));
    await printer.end();
    if (isEmpty) {
      const what = wantedText({ prefixes: [prefix], namespace: config.objects.namespace });
      context.log.warn(`No ${what} is there at revision ${state.revision}`);
    }
  });
}
