/**
 * A peer URL in the spelling that etcd hashes into member ids: no space around it, the scheme in lower case, the rest as
 * given (`localhost:80` keeps its port, a host keeps its capitals). {@link readPeerUrl} makes it.
 */
export type PeerUrl = string & { readonly unit: 'peer URL' };

/** A peer URL, or what is wrong with the text: `it has no valid host and port`. */
export type PeerUrlReading = { readonly value: PeerUrl } | { readonly wrong: string };

const SCHEMES: readonly string[] = ['http', 'https', 'unix', 'unixs'];

/**
 * Reads a peer URL by etcd's rule: `http`, `https`, `unix` or `unixs`, a host and a port, nothing else. This is the only
 * place with this rule: options are parsed by it, and trusted from there on. Source: etcd, client/pkg/types/urls.go.
 */
export function readPeerUrl(text: string): PeerUrlReading {
  const match = /^([a-z]+):\/\/([^/?#]*)(.*)$/i.exec(text.trim());
  if (match === null) {
    return { wrong: 'http:// or https:// is missing' };
  }
  const [, scheme = '', address = '', rest = ''] = match;
  if (!SCHEMES.includes(scheme.toLowerCase())) {
    return { wrong: 'its scheme is not http or https' };
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
  return { value: `${scheme.toLowerCase()}://${address}` as PeerUrl };
}

/** {@link readPeerUrl} of a text that is known to be right. Throws a RangeError when it is not. */
export function parsePeerUrl(text: string): PeerUrl {
  const reading = readPeerUrl(text);
  if ('wrong' in reading) {
    throw new RangeError(`not a peer URL: ${JSON.stringify(text)}, ${reading.wrong}`);
  }
  return reading.value;
}

/**
 * What the spellings of one peer address have in common: the host in small letters, an IP address in its shortest form. Member
 * ids follow from the spelling, so this is for comparisons only.
 */
export function peerAddress(url: PeerUrl): string {
  const [, scheme = '', address = ''] = /^([a-z]+):\/\/(.*)$/.exec(url) ?? [];
  const port = /:(\d+)$/.exec(address)?.[1] ?? '';
  const host = URL.parse(`http://${address}`)?.hostname ?? address;
  return `${scheme}://${host}:${Number(port)}`;
}

/** Several peer URLs in etcd's order, which is that of their bytes. */
export function sortPeerUrls(urls: Iterable<PeerUrl>): readonly PeerUrl[] {
  return [...urls].sort();
}
