import { Document, isMap, isNode, isScalar } from 'yaml';
import { type CommandSpec, placedOptions } from './command-spec.ts';
import { hiddenSecret, withoutSecrets } from './hidden-secret.ts';
import { readListItems } from './list-items.ts';
import type { LoadedConfig } from './load-config.ts';
import type { ListOption, OptionSpec } from './option.ts';
import { nameAtSource, type ValueSource } from './value-source.ts';

type Printed = string | number | boolean | readonly string[];

/**
 * A command's configuration as a configuration file in YAML: each value at its preferred key, with where it came from as a comment.
 * Options that have no key follow as comments, as flags. Secrets are hidden, also in URLs.
 */
export function printedConfig(
  spec: CommandSpec,
  { texts, sources }: Pick<LoadedConfig<CommandSpec['groups']>, 'texts' | 'sources'>,
): string {
  const document = new Document({});
  const flags: string[] = [];
  for (const { spec: option } of placedOptions(spec)) {
    const source = sources.get(option.flag) ?? { kind: 'default' };
    const value = printed(option, texts.get(option.flag), source.kind);
    const [key] = option.fileKeys ?? [];
    if (key === undefined) {
      if (source.kind !== 'default' && option.flag !== 'print-config') {
        flags.push(` --${option.flag}=${String(value)} (${origin(option, source)})`);
      }
    } else if (value !== undefined) {
      put(document, key.split('.'), { value, comment: ` ${origin(option, source)}` });
    }
  }
  if (flags.length > 0) {
    document.comment = [' Flags without a key in the file:', ...flags].join('\n');
  }
  return document.toString({ lineWidth: 0 });
}

function put(
  document: Document,
  path: readonly string[],
  { value, comment }: { readonly value: Printed; readonly comment: string },
): void {
  const node = document.createNode(value, { flow: true });
  for (let depth = 1; depth < path.length; depth++) {
    const section = path.slice(0, depth);
    if (!isMap(document.getIn(section))) {
      document.setIn(section, document.createNode({}));
    }
  }
  if (isNode(node) && (isScalar(node) || Array.isArray(value))) {
    node.comment = comment;
  }
  document.setIn(path, node);
}

/** The value as the file takes it; undefined when there is none. */
function printed(
  option: OptionSpec,
  texts: readonly string[] | undefined,
  source: ValueSource['kind'],
): Printed | undefined {
  if (option.secret === true) {
    return texts === undefined ? undefined : hiddenSecret;
  }
  if (texts === undefined) {
    return option.default;
  }
  const last = withoutSecrets(texts.at(-1) ?? '');
  switch (option.type) {
    case 'strings':
    case 'stringArray':
      return listItems(option, texts, source).map(withoutSecrets);
    case 'int':
    case 'uint':
    case 'uint32':
      return /^[-+]?\d{1,15}$/.test(last) ? Number(last) : last;
    case 'bool':
      return /^(?:1|t|true|yes|on)$/i.test(last);
    case 'duration':
    case 'string':
      return last;
    default:
      return option satisfies never;
  }
}

/** The items of a list that was found to be right. */
function listItems(option: ListOption, texts: readonly string[], source: ValueSource['kind']): readonly string[] {
  const reading = readListItems(option, texts, source);
  return 'wrong' in reading ? texts : reading.value;
}

/** A text without the user and the password that a URL in it may have. */
function origin(option: OptionSpec, source: ValueSource): string {
  return source.kind === 'default' ? 'default' : `from ${nameAtSource(option, source)}`;
}
