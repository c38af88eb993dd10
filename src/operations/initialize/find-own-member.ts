import { peerAddress, readPeerUrl } from '../../datadir/membership/peer-url.ts';
import type { ClusterMember } from '../../etcd/members.ts';
import { Failure } from '../../runtime/failure.ts';

/** Who our member is. */
export interface OwnMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/**
 * Our member in a list: the one of our name, else the one at one of our peer URLs, which may not have started yet or have another name
 * since the configuration has changed. Throws a {@link Failure} `wrong_member` when two have our name and none, or both, our peer URLs.
 */
export function findOwnMember(members: readonly ClusterMember[], own: OwnMember): ClusterMember | undefined {
  const addresses = new Set(own.peerUrls.map(addressOf));
  const isAtOurUrls = ({ peerUrls }: ClusterMember): boolean => peerUrls.some((url) => addresses.has(addressOf(url)));
  const named = members.filter(({ name }) => name === own.name);
  if (named.length <= 1) {
    return named[0] ?? members.find(isAtOurUrls);
  }
  const [self, ...more] = named.filter(isAtOurUrls);
  if (self === undefined || more.length > 0) {
    const ids = named.map(({ id }) => id.toString(16)).join(', ');
    throw new Failure({
      code: 'wrong_member',
      action: 'find',
      object: `the member ${own.name} in its cluster`,
      found: `several are called so: ${ids}`,
      remedy: 'remove those that are not this one (etcdctl member remove ID). Nothing was changed',
    });
  }
  return self;
}

/** Comparable, also when a member was added with a URL that no configuration would allow. */
function addressOf(url: string): string {
  const reading = readPeerUrl(url);
  return 'wrong' in reading ? url : peerAddress(reading.value);
}
