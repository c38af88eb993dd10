import { parseEventTime } from '../snapshot/delta/event-time.ts';
import { parseDuration } from './duration.ts';
import type { TextRule } from './option.ts';

/** Says what is wrong with a text, or undefined when nothing is. */
export type TextCheck = (text: string) => string | undefined;

/** The check behind each rule but `cron`, which needs a parser of its own. */
export const textChecks: Readonly<Record<Exclude<TextRule, 'cron'>, TextCheck>> = {
  url: (text) => {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      return /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? 'it is not an http or https URL' : 'http:// or https:// is missing';
    }
    return undefined;
  },
  'etcd endpoint': (text) => {
    const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
    const url = URL.parse(withScheme);
    if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
      return 'it is not an http or https address';
    }
    return extraParts(url);
  },
  'peer url': peerUrlFault,
  'initial cluster': (text) => {
    for (const pair of text.split(',')) {
      const equals = pair.indexOf('=');
      if (equals < 1) {
        return `${JSON.stringify(pair)} is not NAME=URL`;
      }
      const wrong = peerUrlFault(pair.slice(equals + 1));
      if (wrong !== undefined) {
        return `in ${JSON.stringify(pair)} ${wrong}`;
      }
    }
    return undefined;
  },
  time: (text) => (parseEventTime(text) === undefined ? 'it is no time with date and zone' : undefined),
  'lease ttl': (text) =>
    text === 'strip' || (parseDuration(text) ?? 0) >= 1_000 ? undefined : 'it is no time of at least 1s',
  'not empty': (text) => (text.trim() === '' ? 'it is empty' : undefined),
};

/** etcd's own rules for peer addresses: a known scheme, host and port, nothing behind them. */
function peerUrlFault(text: string): string | undefined {
  const match = /^([a-z]+):\/\/([^/?#]*)(.*)$/i.exec(text.trim());
  if (match === null) {
    return 'http:// or https:// is missing';
  }
  const [, scheme = '', address = '', rest = ''] = match;
  if (!['http', 'https', 'unix', 'unixs'].includes(scheme.toLowerCase())) {
    return `the scheme is ${scheme}, not http or https`;
  }
  if (rest !== '') {
    return 'something stands behind host and port';
  }
  if (address.includes('@')) {
    return 'it holds a user name, which peer addresses cannot have';
  }
  if (!/^(\[[\da-f:.%]+\]|[^:[\]]+):\d{1,5}$/i.test(address) || URL.parse(`http://${address}`) === null) {
    return 'it has no host and port';
  }
  return undefined;
}

function extraParts(url: URL): string | undefined {
  if (url.username !== '' || url.password !== '') {
    return 'it holds a user name, which belongs into --etcd-username';
  }
  return (url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== ''
    ? 'something stands behind host and port'
    : undefined;
}
