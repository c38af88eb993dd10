import { readInitialCluster } from '../datadir/membership/initial-cluster.ts';
import { readPeerUrl } from '../datadir/membership/peer-url.ts';
import { parseDuration } from './duration.ts';
import { readEndpoint } from './endpoint-address.ts';
import type { CheckedRule, ParsedTexts, TextRule } from './option.ts';
import type { ParseResult } from './parse-result.ts';
import { readWrittenTime } from './point-in-time.ts';

/** Says what is wrong with a text, or undefined when nothing is. */
export type TextCheck = (text: string) => string | undefined;

/** The parsers of the rules that turn a text into something else. */
export const textParsers: { readonly [Rule in keyof ParsedTexts]: (text: string) => ParseResult<ParsedTexts[Rule]> } = {
  time: readWrittenTime,
  'lease ttl'(text) {
    if (text === 'strip') {
      return { value: { kind: 'strip' } };
    }
    const ms = parseDuration(text) ?? 0;
    return ms < 1_000
      ? { wrong: 'it is no time of at least 1s' }
      : { value: { kind: 'grant', ttlSeconds: Math.ceil(ms / 1_000) } };
  },
  'peer url': readPeerUrl,
  'initial cluster': readInitialCluster,
};

/** Whether a rule turns its text into something else. */
export function isParsed(rule: TextRule | undefined): rule is keyof ParsedTexts {
  return rule !== undefined && Object.hasOwn(textParsers, rule);
}

/** The checks of the other rules, but those of schedules, whose parser is loaded only when a schedule is given. */
export const textChecks: Readonly<Record<Exclude<CheckedRule, 'cron' | 'cron or off'>, TextCheck>> = {
  url: (text) => {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      return /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? 'it is not an http or https URL' : 'http:// or https:// is missing';
    }
    return url.search === '' && url.hash === ''
      ? undefined
      : 'it holds more than an address: credentials, such as a signature, have a place of their own';
  },
  'etcd endpoint': (text) => {
    const reading = readEndpoint(text);
    return 'wrong' in reading ? reading.wrong : undefined;
  },
  'not empty': (text) => (text.trim() === '' ? 'it is empty' : undefined),
};
