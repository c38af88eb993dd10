import type { ParseResult } from './parse-result.ts';

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** In the order of the numbers from `min` on. */
  readonly words?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  // 7 is Sunday, too, which robfig/cron refuses.
  { name: 'weekday', min: 0, max: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** Fields of days: with a star in one of them, the other alone decides. */
const dayFields: readonly number[] = [2, 4];

/**
 * Checks the cron field at `place` (0 is the minute): stars, numbers, names, ranges and steps, separated by commas. A field of days
 * that holds a star without a step, as in `*,5`, gets to be `*` alone, as robfig/cron has it.
 */
export function readCronField(text: string, place: number): ParseResult<string> {
  const field = fields[place];
  if (field === undefined) {
    return { wrong: 'it has more than five fields' };
  }
  const parts = text.toLowerCase().split(',');
  for (const part of parts) {
    const wrong = faultOfPart(part, field);
    if (wrong !== undefined) {
      return { wrong };
    }
  }
  const isStar = dayFields.includes(place) && parts.some((part) => /^[*?](?:\/1)?$/.test(part));
  // Only the fields of days may hold a question mark in the parser that is used later.
  return { value: isStar ? '*' : text.replaceAll('?', '*') };
}

function faultOfPart(part: string, field: Field): string | undefined {
  const match = /^(?:([*?])|([a-z\d]+)(?:-([a-z\d]+))?)(?:\/(\d+))?$/.exec(part);
  if (match === null) {
    return `its ${field.name} is not made of numbers, *, ranges and steps`;
  }
  const [, star, first, last, step] = match;
  if (step !== undefined && Number(step) === 0) {
    return `a step of its ${field.name} is 0`;
  }
  if (star !== undefined || first === undefined) {
    return undefined;
  }
  const from = numberOf(first, field);
  const to = last === undefined ? from : numberOf(last, field);
  if (from === undefined || to === undefined) {
    return `its ${field.name} is not from ${field.min} to ${field.max}${field.words === undefined ? '' : ', and no name of three letters'}`;
  }
  return from > to ? `a range of its ${field.name} ends before it begins` : undefined;
}

function numberOf(text: string, { min, max, words }: Field): number | undefined {
  const named = words?.indexOf(text) ?? -1;
  const value = named === -1 ? Number(text) : named + min;
  return Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}
