import { formatDuration } from './duration.ts';
import type { IntegerOption, OptionSpec, TextRule } from './option.ts';

const byRule: Readonly<Record<TextRule, string>> = {
  url: 'a URL that begins with http:// or https://',
  'etcd endpoint': 'addresses such as http://127.0.0.1:2379, separated by commas',
  'peer url': 'a URL of scheme, host and port, such as http://localhost:2380',
  'initial cluster': 'NAME=URL pairs separated by commas, such as a=http://10.0.0.1:2380,b=http://10.0.0.2:2380',
  cron: 'five cron fields (minute, hour, day, month, weekday) such as "0 */1 * * *", @daily or @every 1h30m, after TZ=ZONE if need be',
  'cron or off':
    'five cron fields (minute, hour, day, month, weekday), @daily or @every 12h, after TZ=ZONE if need be; or off',
  time: 'a time such as 2026-11-21T09:30:00Z, "2026-11-21 09:30:00" (UTC, as list prints it), seconds since 1970, or "5m ago"',
  'lease ttl': 'a duration of at least 1s such as 1h, or strip',
  'not empty': 'a text in one line that is not empty',
};

/** What an option accepts, for messages and help. */
export function describeAccepted(spec: OptionSpec): string {
  switch (spec.type) {
    case 'bool':
      return 'true or false';
    case 'duration': {
      const limit = spec.above === undefined || spec.above < 0 ? '' : `, longer than ${formatDuration(spec.above)}`;
      return `a duration such as 500ms, 20s, 1m30s or 72h${limit}`;
    }
    case 'int':
    case 'uint':
    case 'uint32':
      return describeInteger(spec);
    case 'string':
      return spec.choices !== undefined
        ? wordList(spec.choices)
        : spec.rule === undefined
          ? 'a text'
          : byRule[spec.rule];
    case 'strings':
    case 'stringArray':
      return spec.rule === undefined ? 'a list separated by commas' : byRule[spec.rule];
    default:
      return spec satisfies never;
  }
}

function describeInteger(spec: IntegerOption): string {
  const { min, max } = integerLimits(spec);
  const range =
    min !== undefined && max !== undefined
      ? ` from ${min} to ${max}`
      : min !== undefined
        ? ` of at least ${min}`
        : max !== undefined
          ? ` of at most ${max}`
          : '';
  return `a whole number${range}${spec.names === undefined ? '' : `, ${wordList(Object.keys(spec.names))}`}`;
}

/** The limits of an integer option; unsigned types begin at 0. */
export function integerLimits(spec: IntegerOption): { readonly min?: number; readonly max?: number } {
  const min = spec.min ?? (spec.type === 'int' ? undefined : 0);
  const max = spec.max ?? (spec.type === 'uint32' ? 2 ** 32 - 1 : undefined);
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function wordList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
