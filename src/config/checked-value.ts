import { integerLimits } from './accepted-values.ts';
import { formatDuration } from './duration.ts';
import type { CheckedRule, DurationOption, IntegerOption, OptionSpec, ParsedText, TextRule } from './option.ts';
import type { OptionValue, WrittenValue } from './option-value.ts';
import type { ParseResult } from './parse-result.ts';
import { isParsed, textChecks, textParsers } from './text-rules.ts';

/** A value that its option takes, or what is wrong with it and what to do; of a list, `item` is the item that is wrong. */
export type CheckedValue =
  | { readonly value: OptionValue }
  | { readonly wrong: string; readonly item?: string; readonly remedy?: string };

/**
 * Holds a value, of the type of its option, against the rules of the declaration. Texts of a rule that has a parser become what they
 * mean. No schema library is at work here: every start would load it, for a few comparisons.
 */
export async function checkedValue(spec: OptionSpec, value: WrittenValue): Promise<CheckedValue> {
  switch (spec.type) {
    case 'bool':
      return { value };
    case 'duration':
    case 'int':
    case 'uint':
    case 'uint32': {
      if (value === 0 && 'insteadOfZero' in spec) {
        return {
          wrong: `it is no ${spec.placeholder ?? 'value'}`,
          remedy: `is a variable empty? ${spec.insteadOfZero}`,
        };
      }
      const wrong = typeof value === 'number' ? wrongNumber(spec, value) : undefined;
      return wrong === undefined ? { value } : { wrong };
    }
    case 'string':
      if (typeof value !== 'string') {
        return { value };
      }
      if (spec.choices !== undefined) {
        return spec.choices.includes(value) ? { value } : { wrong: 'it is none of those' };
      }
      return (await readerOf(spec.rule))(value);
    case 'strings':
    case 'stringArray':
      return checkedItems(value, await readerOf(spec.rule));
    default:
      return spec satisfies never;
  }
}

function wrongNumber(spec: DurationOption | IntegerOption, value: number): string | undefined {
  if (spec.type === 'duration') {
    return spec.above === undefined || value > spec.above ? undefined : tooShort(spec.above);
  }
  const { min, max } = integerLimits(spec);
  return min !== undefined && value < min
    ? `it is less than ${min}`
    : max !== undefined && value > max
      ? `it is more than ${max}`
      : undefined;
}

function tooShort(above: number): string {
  return above < 0
    ? 'it is less than 0'
    : above === 0
      ? 'it is not a positive time'
      : `it is not longer than ${formatDuration(above)}`;
}

type TextReader = (text: string) => ParseResult<string | ParsedText>;

function checkedItems(value: WrittenValue, read: TextReader): CheckedValue {
  const items: (string | ParsedText)[] = [];
  for (const item of Array.isArray(value) ? (value as readonly string[]) : []) {
    const reading = read(item);
    if ('wrong' in reading) {
      return { wrong: reading.wrong, item };
    }
    items.push(reading.value);
  }
  return { value: items };
}

async function readerOf(rule: TextRule | undefined): Promise<TextReader> {
  return isParsed(rule) ? textParsers[rule] : await checkerOf(rule);
}

/** Reads a text of a rule that leaves it as it is, but for schedules, which get the form of the scheduler. */
async function checkerOf(rule: CheckedRule | undefined): Promise<TextReader> {
  if (rule === undefined) {
    return (text) => ({ value: text });
  }
  if (rule === 'cron' || rule === 'cron or off') {
    const { readCronSchedule } = await import('./cron-schedule.ts');
    return (text) => {
      if (rule === 'cron or off' && text === 'off') {
        return { value: text };
      }
      const reading = readCronSchedule(text);
      return 'fields' in reading ? { value: reading.fields } : reading;
    };
  }
  const check = textChecks[rule];
  return (text) => {
    const wrong = check(text);
    return wrong === undefined ? { value: text } : { wrong };
  };
}
