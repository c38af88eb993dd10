import { readFile } from 'node:fs/promises';
import { type Document, parseDocument } from 'yaml';
import { errorText } from '../runtime/log/error-text.ts';
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

/** Keys of the Go program's file format for which there is no option; they are ignored without a warning. */
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
 * Reads a YAML configuration file. Keys are not case-sensitive, as in the Go program.
 * Throws a {@link UsageFailure} when the file cannot be read or is not a mapping of sections.
 */
export async function readConfigFile(path: string, spec: CommandSpec): Promise<FileValues> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageFailure({ action: 'read', object: `configuration file ${path}`, found: reasonOf(cause) });
  });
  const document = parseDocument(text, { intAsBigInt: true, merge: true });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const found = fault.message.split('\n')[0] ?? 'it is not YAML';
    throw new UsageFailure({ action: 'read', object: `configuration file ${path}`, found: found.replace(/:$/, '') });
  }
  const entries = new Map<string, Entry>();
  addEntries(resolved(document, path), '', { path, entries });
  const known = placedOptions(spec).flatMap(({ spec: option }) => option.fileKeys ?? []);
  return {
    path,
    lookup: (option) =>
      option.fileKeys?.map((key) => entries.get(key.toLowerCase())).find((entry) => entry !== undefined),
    warnings: unknownKeys(entries, known, path),
  };
}

/** The document as plain objects, with anchors resolved. */
function resolved(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // A missing anchor, or so many that they would fill the memory.
    throw new UsageFailure({ action: 'read', object: `configuration file ${path}`, found: errorText(error) });
  }
}

function addEntries(
  value: unknown,
  key: string,
  file: { readonly path: string; readonly entries: Map<string, Entry> },
): void {
  if (value === null || value === undefined) {
    return;
  }
  if (typeof value === 'object' && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) {
      addEntries(inner, key === '' ? name : `${key}.${name}`, file);
    }
    return;
  }
  if (key === '') {
    throw badShape(file.path, 'it is not a mapping of sections');
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.some((item) => typeof item === 'object')) {
    throw badShape(file.path, `${key} is neither a value nor a list of values`);
  }
  file.entries.set(key.toLowerCase(), { key, texts: items.map(String) });
}

function badShape(path: string, found: string): UsageFailure {
  return new UsageFailure({ action: 'read', object: `configuration file ${path}`, found });
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
