import { readFile } from 'node:fs/promises';
import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { type CommandSpec, placedOptions } from './command-spec.ts';
import { nearest } from './nearest.ts';
import type { OptionSpec } from './option.ts';
import { UsageFailure } from './usage-failure.ts';

/** What a configuration file gives. */
export interface FileValues {
  readonly path: string;
  /** The texts of an option, with the key as the file spells it; undefined when the file does not give it. */
  lookup(spec: OptionSpec): { readonly texts: readonly string[]; readonly key: string } | undefined;
  /** One sentence for each key that no option has. */
  readonly warnings: readonly string[];
}

/** Keys of the Go program's own file format that say nothing an option could say. */
const silentKeys: ReadonlySet<string> = new Set(
  ['snapstoreConfig', 'secondarySnapstoreConfig.StoreConfig'].flatMap((store) => [
    `${store}.envPrefix`.toLowerCase(),
    `${store}.isSource`.toLowerCase(),
  ]),
);

interface Entry {
  readonly key: string;
  readonly texts: readonly string[];
}

/**
 * Reads a YAML configuration file. Keys are found whatever their capitals, as the Go program finds them.
 * Throws a {@link UsageFailure} when the file cannot be read or is not a mapping of sections.
 */
export async function readConfigFile(path: string, spec: CommandSpec): Promise<FileValues> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageFailure({ action: 'read', object: `configuration file ${path}`, found: reasonOf(cause) });
  });
  const document = parseDocument(text, { intAsBigInt: true });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const found = fault.message.split('\n')[0] ?? 'it is not YAML';
    throw new UsageFailure({ action: 'read', object: `configuration file ${path}`, found: found.replace(/:$/, '') });
  }
  const entries = new Map<string, Entry>();
  collect(document.contents, '', { path, entries });
  const known = placedOptions(spec).flatMap(({ spec: option }) => option.fileKeys ?? []);
  return {
    path,
    lookup: (option) =>
      option.fileKeys?.map((key) => entries.get(key.toLowerCase())).find((entry) => entry !== undefined),
    warnings: unknownKeys(entries, known, path),
  };
}

function collect(
  node: unknown,
  key: string,
  file: { readonly path: string; readonly entries: Map<string, Entry> },
): void {
  if (isMap(node)) {
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      collect(pair.value, key === '' ? name : `${key}.${name}`, file);
    }
  } else if (isSeq(node)) {
    const texts = node.items.map((item) => scalarText(item as Node, key, file.path));
    file.entries.set(key.toLowerCase(), { key, texts: texts.filter((text) => text !== undefined) });
  } else {
    const text = scalarText(node, key, file.path);
    if (text !== undefined) {
      file.entries.set(key.toLowerCase(), { key, texts: [text] });
    }
  }
}

function scalarText(node: unknown, key: string, path: string): string | undefined {
  if (node === null || node === undefined) {
    return undefined;
  }
  if (!isScalar(node) || key === '') {
    throw new UsageFailure({
      action: 'read',
      object: `configuration file ${path}`,
      found: key === '' ? 'it is not a mapping of sections' : `${key} is neither a value nor a list of values`,
    });
  }
  return node.value === null ? undefined : String(node.value);
}

function unknownKeys(entries: ReadonlyMap<string, Entry>, known: readonly string[], path: string): readonly string[] {
  const names = new Set(known.map((key) => key.toLowerCase()));
  return [...entries]
    .filter(([name]) => !names.has(name) && !silentKeys.has(name))
    .map(([, { key }]) => {
      const meant = nearest(key, known);
      return `${key} in ${path} is not an option and is ignored${meant === undefined ? '' : `; did you mean ${meant}?`}`;
    });
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'it does not exist';
    case 'EISDIR':
      return 'it is a directory';
    case 'EACCES':
      return 'there is no permission to read it';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
