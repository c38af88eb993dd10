import { CronExpressionParser } from 'cron-parser';

/** Names for schedules, as cron daemons have them. */
const names: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** A schedule in five fields, or what is wrong with it. */
export type CronReading = { readonly fields: string } | { readonly wrong: string };

/**
 * Checks a schedule of five cron fields (or a name such as `@daily`) and gives it in five fields.
 * A schedule that never fires, such as 30 February, is refused.
 */
export function readCronSchedule(text: string): CronReading {
  const trimmed = text.trim().replace(/\s+/g, ' ');
  const fields = names[trimmed] ?? trimmed;
  if (fields.startsWith('@')) {
    return { wrong: `${fields.split(' ')[0]} is not a schedule by clock time` };
  }
  const count = fields === '' ? 0 : fields.split(' ').length;
  if (count !== 5) {
    return { wrong: `it has ${count} ${count === 1 ? 'field' : 'fields'}, not five` };
  }
  // cron-parser draws a random time for H, so that two runs would disagree.
  if (/\bH\b/.test(fields)) {
    return { wrong: 'H is not a cron field here' };
  }
  const unparsed = faultOf(() => CronExpressionParser.parse(fields));
  if (unparsed !== undefined) {
    return { wrong: /explicit day of month/i.test(unparsed) ? 'it never fires' : `it cannot be read (${unparsed})` };
  }
  const unreached = faultOf(() => CronExpressionParser.parse(fields).next());
  return unreached === undefined ? { fields } : { wrong: 'it never fires' };
}

function faultOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.charAt(0).toLowerCase() + text.slice(1);
  }
}
