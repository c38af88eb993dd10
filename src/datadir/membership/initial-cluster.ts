import { InvalidMembership } from './invalid-membership.ts';
import { parsePeerUrl, sortPeerUrls } from './peer-url.ts';

/**
 * The members that `--initial-cluster` names: `NAME=URL,NAME=URL`, a name may repeat to give it several URLs, empty
 * entries are passed over. Returns name to sorted URLs. Throws {@link InvalidMembership}, also for a URL named twice.
 */
export function parseInitialCluster(text: string): ReadonlyMap<string, readonly string[]> {
  const urls = new Map<string, string[]>();
  const owners = new Map<string, string>();
  for (const pair of text.split(',')) {
    if (pair === '') {
      continue;
    }
    const equals = pair.indexOf('=');
    if (equals <= 0) {
      throw new InvalidMembership('initial-cluster', pair, 'every member is given as NAME=URL');
    }
    const name = pair.slice(0, equals);
    const url = parsePeerUrl(pair.slice(equals + 1), 'initial-cluster');
    const owner = owners.get(url);
    if (owner !== undefined) {
      const who = owner === name ? `twice for ${name}` : `for ${owner} and for ${name}`;
      throw new InvalidMembership('initial-cluster', text, `${url} is given ${who}`);
    }
    owners.set(url, name);
    const known = urls.get(name);
    if (known === undefined) {
      urls.set(name, [url]);
    } else {
      known.push(url);
    }
  }
  if (urls.size === 0) {
    throw new InvalidMembership('initial-cluster', text, 'it names no member; give NAME=URL');
  }
  return new Map(Array.from(urls, ([name, list]) => [name, sortPeerUrls(list)]));
}
