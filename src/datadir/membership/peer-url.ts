import { InvalidMembership, type MembershipOption } from './invalid-membership.ts';

const HTTP_URL = /^(https?):\/\/(\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\]|[\w.-]*):(\d+)$/i;
const UNIX_URL = /^(unixs?):\/\/([\w./:-]+)$/i;

/**
 * A peer URL in the spelling that etcd hashes into member ids: surrounding space gone, scheme in lower case, the rest
 * as given (`localhost:80` keeps its port, a host keeps its capitals). Accepted are `http://HOST:PORT`, `https://HOST:PORT`
 * and `unix://` or `unixs://` addresses; a path, a query or a user is refused. Throws {@link InvalidMembership}.
 */
export function parsePeerUrl(text: string, option: MembershipOption): string {
  const url = text.trim();
  const http = HTTP_URL.exec(url);
  if (http !== null && Number(http[3]) <= 65535) {
    return `${http[1]?.toLowerCase()}://${http[2]}:${http[3]}`;
  }
  const unix = UNIX_URL.exec(url);
  if (unix !== null) {
    return `${unix[1]?.toLowerCase()}://${unix[2]}`;
  }
  throw new InvalidMembership(
    option,
    text,
    'a peer URL has the form http://HOST:PORT, https://HOST:PORT, unix://ADDRESS or unixs://ADDRESS, without a path',
  );
}

/** Several peer URLs in etcd's order, which is that of their bytes. */
export function sortPeerUrls(urls: Iterable<string>): readonly string[] {
  return [...urls].sort();
}
