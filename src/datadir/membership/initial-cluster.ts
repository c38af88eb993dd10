import { type PeerUrl, peerAddress, readPeerUrl, sortPeerUrls } from './peer-url.ts';

/** The members that a new cluster begins with: name to sorted peer URLs, at least one each. */
export type InitialCluster = ReadonlyMap<string, readonly PeerUrl[]>;

/** The members, or what is wrong with the text: `it names no member`. */
export type InitialClusterReading = { readonly value: InitialCluster } | { readonly wrong: string };

/**
 * Reads the value of `--initial-cluster`: `NAME=URL,NAME=URL`. A name may repeat to have several URLs, a URL may not. Blanks
 * around a part and an empty last part, which a comma at the end leaves, count for nothing; other empty parts are refused, as in
 * every list, though etcd skips them. What is wrong is said without the text, which may hold a password.
 * Source: etcd, client/pkg/types/urlsmap.go.
 */
export function readInitialCluster(text: string): InitialClusterReading {
  const urls = new Map<string, PeerUrl[]>();
  const owners = new Map<string, string>();
  const pairs = text.split(',').map((pair) => pair.trim());
  if (pairs.length > 1 && pairs.at(-1) === '') {
    pairs.pop();
  }
  for (const [index, pair] of pairs.entries()) {
    const part = pairs.length === 1 ? 'it' : `part ${index + 1}`;
    if (pair === '') {
      return { wrong: pairs.length === 1 ? 'it names no member' : `${part} is empty` };
    }
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    if (equals < 1 || name === '') {
      return { wrong: `${part} is not NAME=URL` };
    }
    const reading = readPeerUrl(pair.slice(equals + 1));
    if ('wrong' in reading) {
      return { wrong: pairs.length === 1 ? reading.wrong : `in ${part} ${reading.wrong}` };
    }
    const owner = owners.get(peerAddress(reading.value));
    if (owner !== undefined) {
      const who = owner === name ? 'twice for one member' : 'for two members';
      return { wrong: `${reading.value} is given ${who}` };
    }
    owners.set(peerAddress(reading.value), name);
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
