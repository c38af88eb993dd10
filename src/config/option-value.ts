import { parseDuration, wrongDuration } from './duration.ts';
import { readListItems } from './list-items.ts';
import type { OptionSpec, ParsedText } from './option.ts';
import type { ParseResult } from './parse-result.ts';
import type { ValueSource } from './value-source.ts';

/** A value as it is written, before it is validated; undefined is an empty optional text. */
export type WrittenValue = boolean | number | string | readonly string[] | undefined;

/** A finished value of an option. */
export type OptionValue = WrittenValue | ParsedText | readonly (string | ParsedText)[];

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

/** Other spellings that the Go program accepts in YAML. */
const yamlBooleans: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['no', false],
  ['off', false],
]);

/** Turns the texts an option was given, none of them empty, into a value, in Go's syntax. For anything but lists the last text counts. */
export function readOptionValue(
  spec: OptionSpec,
  texts: readonly string[],
  source: ValueSource['kind'],
): ParseResult<WrittenValue> {
  const last = texts.at(-1) ?? '';
  // A flag may be repeated, the last one counts; a list in a file is no repetition but a mistake.
  if (source === 'file' && texts.length > 1 && spec.type !== 'strings' && spec.type !== 'stringArray') {
    return { wrong: 'it is a list where one value is expected' };
  }
  switch (spec.type) {
    case 'bool': {
      const value = booleans.get(last) ?? (source === 'file' ? yamlBooleans.get(last.toLowerCase()) : undefined);
      return value === undefined ? { wrong: 'it is neither true nor false' } : { value };
    }
    case 'duration': {
      const value = parseDuration(last);
      return value === undefined ? { wrong: wrongDuration(last) } : { value };
    }
    case 'int':
    case 'uint':
    case 'uint32': {
      const word = last.toLowerCase();
      const named = Object.hasOwn(spec.names ?? {}, word) ? spec.names?.[word] : undefined;
      return named === undefined ? readInteger(last) : { value: named };
    }
    case 'string':
      return { value: spec.sameAs !== undefined && Object.hasOwn(spec.sameAs, last) ? spec.sameAs[last] : last };
    case 'strings':
    case 'stringArray':
      return readListItems(spec, texts, source);
    default:
      return spec satisfies never;
  }
}

function readInteger(text: string): ParseResult<number> {
  if (!/^[-+]?\d+$/.test(text)) {
    return { wrong: 'it is not a whole number' };
  }
  const value = Number(text);
  return Number.isSafeInteger(value) ? { value } : { wrong: 'it is too large' };
}
