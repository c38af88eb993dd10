import { type PeerUrl, readPeerUrl, sortPeerUrls } from './peer-url.ts';

/** The members that a new cluster begins with: name to sorted peer URLs, at least one each. */
export type InitialCluster = ReadonlyMap<string, readonly PeerUrl[]>;

/** The members, or what is wrong with the text: `it names no member`. */
export type InitialClusterReading = { readonly value: InitialCluster } | { readonly wrong: string };

/**
 * Reads the value of `--initial-cluster`: `NAME=URL,NAME=URL`. A name may repeat to have several URLs, a URL may not; empty
 * entries are skipped, as etcd does. Source: etcd, client/pkg/types/urlsmap.go.
 */
export function readInitialCluster(text: string): InitialClusterReading {
  const urls = new Map<string, PeerUrl[]>();
  const owners = new Map<PeerUrl, string>();
  for (const pair of text.split(',')) {
    if (pair === '') {
      continue;
    }
    const equals = pair.indexOf('=');
    if (equals < 1) {
      return { wrong: `${JSON.stringify(pair)} is not NAME=URL` };
    }
    const name = pair.slice(0, equals);
    const reading = readPeerUrl(pair.slice(equals + 1));
    if ('wrong' in reading) {
      return { wrong: `in ${JSON.stringify(pair)} ${reading.wrong}` };
    }
    const owner = owners.get(reading.value);
    if (owner !== undefined) {
      const who = owner === name ? `twice for ${name}` : `for ${owner} and for ${name}`;
      return { wrong: `${reading.value} is given ${who}` };
    }
    owners.set(reading.value, name);
    const known = urls.get(name);
    if (known === undefined) {
      urls.set(name, [reading.value]);
    } else {
      known.push(reading.value);
    }
  }
  return urls.size === 0
    ? { wrong: 'it names no member' }
    : { value: new Map(Array.from(urls, ([name, list]) => [name, sortPeerUrls(list)])) };
}

/** {@link readInitialCluster} of a text that is known to be right. Throws a RangeError when it is not. */
export function parseInitialCluster(text: string): InitialCluster {
  const reading = readInitialCluster(text);
  if ('wrong' in reading) {
    throw new RangeError(`not an initial cluster: ${JSON.stringify(text)}, ${reading.wrong}`);
  }
  return reading.value;
}
