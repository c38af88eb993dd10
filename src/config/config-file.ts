import { type Document, parseDocument } from 'yaml';
import { nearestWord } from '../runtime/nearest-word.ts';
import { readAtMost } from '../runtime/read-at-most.ts';
import { everyOption } from './every-option.ts';
import { reasonOf } from './file-reason.ts';
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

/** Bytes of a configuration file, at most. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Reads a YAML configuration file, which commands share: keys of options that only other commands have are known, too. Keys are
 * not case-sensitive, as in the Go program, and a byte order mark at the beginning is skipped.
 * Throws a {@link UsageFailure} when the file cannot be read or is not a mapping of sections.
 */
export async function readConfigFile(path: string): Promise<FileValues> {
  const bytes = await readAtMost(path, mostBytes).catch((cause: unknown) => {
    const found = cause instanceof RangeError ? cause.message : reasonOf(cause);
    throw new UsageFailure({ action: 'read', object: `configuration file ${path}`, found });
  });
  const text = bytes.toString('utf8');
  // A warning would go to stderr by itself, with a part of the file.
  const document = parseDocument(text.replace(/^\ufeff/, ''), { intAsBigInt: true, merge: true, logLevel: 'error' });
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw badShape(path, yamlFault(fault));
  }
  const entries = new Map<string, Entry>();
  const known = everyOption().flatMap(({ fileKeys }) => fileKeys ?? []);
  addEntries(resolved(document, path), '', { path, entries, ...shapeOf(known) });
  return {
    path,
    lookup: (option) =>
      option.fileKeys?.map((key) => entries.get(key.toLowerCase())).find((entry) => entry !== undefined),
    warnings: [...unknownKeys(entries, known, path), ...rivalKeys(entries, path)],
  };
}

/** Of several keys that give one option its value, the preferred one counts. */
function rivalKeys(entries: ReadonlyMap<string, Entry>, path: string): readonly string[] {
  const keys = new Set(everyOption().flatMap(({ fileKeys = [] }) => (fileKeys.length > 1 ? fileKeys.join(' ') : [])));
  return [...keys].flatMap((each) => {
    const [counts, ...others] = each.split(' ').flatMap((key) => entries.get(key.toLowerCase()) ?? []);
    const rivals = others.filter(({ texts }) => texts.join('\n') !== counts?.texts.join('\n'));
    return counts === undefined || rivals.length === 0
      ? []
      : `${counts.key} and ${rivals.map(({ key }) => key).join(', ')} in file ${path} have different values: ${counts.key} counts`;
  });
}

/** The document as plain objects, with anchors resolved. */
function resolved(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // A missing anchor, or so many that they would fill the memory.
    throw badShape(path, yamlFault(error));
  }
}

/** Which sections and keys exist, in lower case. */
interface FileShape {
  readonly values: ReadonlySet<string>;
  readonly sections: ReadonlySet<string>;
}

function shapeOf(known: readonly string[]): FileShape {
  const values = new Set(known.map((key) => key.toLowerCase()));
  const sections = new Set<string>();
  for (const key of values) {
    for (let at = key.lastIndexOf('.'); at > 0; at = key.lastIndexOf('.', at - 1)) {
      sections.add(key.slice(0, at));
    }
  }
  return { values, sections };
}

function addEntries(
  value: unknown,
  key: string,
  file: FileShape & { readonly path: string; readonly entries: Map<string, Entry> },
): void {
  if (value === null || value === undefined) {
    return;
  }
  const [isValue, isSection] = [file.values, file.sections].map((keys) => keys.has(key.toLowerCase()));
  if (typeof value === 'object' && !Array.isArray(value)) {
    if (isValue === true && isSection !== true) {
      throw badShape(file.path, `${shownKey(key)} is a section of keys, where a value is expected`);
    }
    for (const [name, inner] of Object.entries(value)) {
      addEntries(inner, key === '' ? name : `${key}.${name}`, file);
    }
    return;
  }
  if (key === '') {
    throw badShape(file.path, 'it is not a mapping of sections');
  }
  if (isSection === true && isValue !== true) {
    throw badShape(file.path, `${shownKey(key)} is a section of keys, not a value`);
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.some((item) => typeof item === 'object')) {
    throw badShape(file.path, `${shownKey(key)} is neither a value nor a list of values`);
  }
  const texts = items.map(String);
  const before = file.entries.get(key.toLowerCase());
  if (before !== undefined && before.texts.join('\n') !== texts.join('\n')) {
    throw badShape(file.path, `${shownKey(before.key)} and ${shownKey(key)} are one key with two values`);
  }
  file.entries.set(key.toLowerCase(), { key, texts });
}

/** What a parser says where that speaks of the parser, by the beginning of its words, and what it means. */
const PARSER_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Source contains multiple documents/, 'it holds several documents, where one is expected'],
  [/^Maximum call stack/, 'it is nested too deeply'],
  [/^Excessive alias count/, 'its aliases would fill the memory'],
  [/^Unresolved alias/, 'an alias has no anchor before it'],
  [/^Invalid escape sequence/, 'a backslash in double quotes begins no character; double it, or use single quotes'],
  [/^Plain value cannot start with/, 'a value that begins with such a character needs quotes'],
  [/^(?:The|Not a valid tag|Could not resolve tag|Verbatim tags)\b/, 'a value that begins with ! needs quotes'],
  [/^Unsupported YAML version/, 'it is not YAML'],
];

/** What only the parser can have said: some of its messages hold a part of the file without quotes. */
const OWN_WORDS = /^[A-Za-z ,;()-]*$/;

/** What a parser says, without what it quotes of the file, which may hold a password. */
function yamlFault(fault: unknown): string {
  const [message = ''] = fault instanceof Error ? fault.message.split('\n') : [];
  const place = / at line \d+, column \d+/.exec(message)?.[0] ?? '';
  const words = message.slice(0, message.search(/ at line |: |["'`]|$/)).trim();
  const meant = PARSER_WORDS.find(([begins]) => begins.test(words))?.[1] ?? (OWN_WORDS.test(words) ? words : '');
  return `${meant === '' ? 'it is not YAML' : meant}${place}`;
}

/** A key as messages show it: words with dots between them; nothing else is a key of anybody's. */
function shownKey(key: string): string {
  return /^[a-z-]+(?:\.[a-z-]+)*$/i.test(key) && key.length < 100 ? key : 'a key';
}

function badShape(path: string, found: string): UsageFailure {
  return new UsageFailure({ action: 'read', object: `configuration file ${path}`, found });
}

function unknownKeys(entries: ReadonlyMap<string, Entry>, known: readonly string[], path: string): readonly string[] {
  const names = new Set(known.map((key) => key.toLowerCase()));
  return [...entries]
    .filter(([name]) => !names.has(name) && !silentKeys.has(name))
    .map(([, { key }]) => {
      const meant = nearestWord(key, known);
      return `${shownKey(key)} in ${path} is not an option and is ignored${meant === undefined ? '' : `; did you mean ${meant}?`}`;
    });
}
