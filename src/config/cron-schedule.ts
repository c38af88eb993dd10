import { CronExpressionParser } from 'cron-parser';
import { readCronField } from './cron-field.ts';
import { parseDuration } from './duration.ts';

/** Names for schedules, as robfig/cron has them. */
const names: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * A schedule in one form, or what is wrong with it: five fields, with `TZ=ZONE ` before them where a zone is named, or
 * `@every SECONDS`.
 */
export type CronReading = { readonly fields: string } | { readonly wrong: string };

/**
 * Reads a schedule in the dialect of robfig/cron's standard parser: five fields, a name such as `@daily`, or `@every DURATION`;
 * `TZ=ZONE` or `CRON_TZ=ZONE` may come first. A schedule that never fires, such as 30 February, is refused.
 * Source: robfig/cron v3, parser.go.
 */
export function readCronSchedule(text: string): CronReading {
  const [first = '', ...rest] = text.trim().split(/\s+/);
  const zone = /^(?:CRON_)?TZ=(.*)$/.exec(first)?.[1];
  const words = zone === undefined ? [first, ...rest] : rest;
  if (zone !== undefined && !isZone(zone)) {
    return { wrong: 'its time zone is not known; a zone is written like Europe/Berlin' };
  }
  if (words[0] === '@every') {
    return readInterval(words.slice(1).join(' '));
  }
  const reading = readFields(words);
  if ('wrong' in reading || zone === undefined || zone === 'Local') {
    return reading;
  }
  return { fields: `TZ=${zone} ${reading.fields}` };
}

/** `Local` is the zone of this machine, as in Go. */
function isZone(zone: string): boolean {
  if (zone === 'Local') {
    return true;
  }
  try {
    return /^[a-z]/i.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

function readInterval(text: string): CronReading {
  const ms = parseDuration(text);
  if (ms === undefined) {
    return { wrong: 'after @every there is no duration such as 1h30m' };
  }
  return ms < 1_000 ? { wrong: '@every is shorter than 1s' } : { fields: `@every ${Math.floor(ms / 1_000)}` };
}

function readFields(words: readonly string[]): CronReading {
  const [name = ''] = words;
  if (words.length === 1 && name.startsWith('@')) {
    const named = Object.hasOwn(names, name) ? names[name] : undefined;
    return named === undefined
      ? { wrong: `it is none of the names ${Object.keys(names).join(', ')} and @every` }
      : { fields: named };
  }
  const count = name === '' ? 0 : words.length;
  if (count !== 5) {
    return { wrong: `it has ${count} ${count === 1 ? 'field' : 'fields'}, not five` };
  }
  const fields: string[] = [];
  for (const [place, word] of words.entries()) {
    const field = readCronField(word, place);
    if ('wrong' in field) {
      return field;
    }
    fields.push(field.value);
  }
  const expression = fields.join(' ');
  try {
    CronExpressionParser.parse(expression).next();
  } catch {
    // Each field is right, so what is left is a day that no month has.
    return { wrong: 'it never fires' };
  }
  return { fields: expression };
}
