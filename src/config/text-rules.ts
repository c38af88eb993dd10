import { type InitialClusterReading, readInitialCluster } from '../datadir/membership/initial-cluster.ts';
import { type PeerUrlReading, readPeerUrl } from '../datadir/membership/peer-url.ts';
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
  'peer url': (text) => faultOf(readPeerUrl(text)),
  'initial cluster': (text) => faultOf(readInitialCluster(text)),
  time: (text) => (parseEventTime(text) === undefined ? 'it is no time with date and zone' : undefined),
  'lease ttl': (text) =>
    text === 'strip' || (parseDuration(text) ?? 0) >= 1_000 ? undefined : 'it is no time of at least 1s',
  'not empty': (text) => (text.trim() === '' ? 'it is empty' : undefined),
};

function faultOf(reading: PeerUrlReading | InitialClusterReading): string | undefined {
  return 'wrong' in reading ? reading.wrong : undefined;
}

function extraParts(url: URL): string | undefined {
  if (url.username !== '' || url.password !== '') {
    return 'it holds a user name, which belongs into --etcd-username';
  }
  return (url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== ''
    ? 'something follows host and port'
    : undefined;
}
