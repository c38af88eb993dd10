/**
 * A peer URL in the spelling that etcd hashes into member ids: no space around it, the scheme in lower case, the rest as
 * given (`localhost:80` keeps its port, a host keeps its capitals). Only {@link readPeerUrl} makes one.
 */
export type PeerUrl = string & { readonly unit: 'peer URL' };

/** A peer URL, or what is wrong with the text: `it has no valid host and port`. */
export type PeerUrlReading = { readonly url: PeerUrl } | { readonly wrong: string };

const SCHEMES: readonly string[] = ['http', 'https', 'unix', 'unixs'];

/**
 * Reads a peer URL by etcd's rule: `http`, `https`, `unix` or `unixs`, a host and a port, nothing else. This is the one place
 * that knows the rule; the options are checked by it too. Source: etcd, client/pkg/types/urls.go.
 */
export function readPeerUrl(text: string): PeerUrlReading {
  const match = /^([a-z]+):\/\/([^/?#]*)(.*)$/i.exec(text.trim());
  if (match === null) {
    return { wrong: 'http:// or https:// is missing' };
  }
  const [, scheme = '', address = '', rest = ''] = match;
  if (!SCHEMES.includes(scheme.toLowerCase())) {
    return { wrong: `the scheme is ${scheme}, not http or https` };
  }
  if (rest !== '') {
    return { wrong: 'something follows host and port' };
  }
  if (address.includes('@')) {
    return { wrong: 'it holds a user name, which peer URLs cannot have' };
  }
  if (!/^(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(address) || !URL.canParse(`http://${address}`)) {
    return { wrong: 'it has no valid host and port' };
  }
  return { url: `${scheme.toLowerCase()}://${address}` as PeerUrl };
}

/** Several peer URLs in etcd's order, which is that of their bytes. */
export function sortPeerUrls(urls: Iterable<PeerUrl>): readonly PeerUrl[] {
  return [...urls].sort();
}
