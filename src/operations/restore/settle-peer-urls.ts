import { lookup } from 'node:dns/promises';
import type { MembershipPlan } from '../../datadir/membership/bootstrap.ts';
import { type PeerUrl, peerAddress } from '../../datadir/membership/peer-url.ts';

/** The addresses of a name; rejects when there are none. */
export type LookUp = (host: string) => Promise<readonly string[]>;

/** How long names may take altogether, ms. */
const patienceMs = 5_000;

/**
 * The plan of a member whose two lists of peer URLs name the same places, in the spelling of `--initial-cluster`, from which ids
 * follow: a name in one and its address in the other are the same place. Names are looked up only when the texts differ. A plan
 * whose lists differ, or whose names have no address, is given back as it is, for `planMembership` to refuse.
 * Source: etcd, pkg/netutil/netutil.go, `URLStringsEqual`.
 */
export async function settlePeerUrls(plan: MembershipPlan, lookUp: LookUp = addressesOf): Promise<MembershipPlan> {
  const own = plan.initialCluster.get(plan.name) ?? [];
  const advertised = plan.initialAdvertisePeerUrls;
  if (own.length !== advertised.length || sorted(own, peerAddress) === sorted(advertised, peerAddress)) {
    return plan;
  }
  const resolved = new Map<PeerUrl, string>();
  const timeout = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => timeout.resolve('late'), patienceMs);
  const all = Promise.all(
    [...own, ...advertised].map(async (url) => {
      resolved.set(url, await resolvedAddress(url, lookUp));
    }),
  );
  const outcome = await Promise.race([all.catch(() => 'late' as const), timeout.promise]).finally(() =>
    clearTimeout(timer),
  );
  const address = (url: PeerUrl): string => resolved.get(url) ?? url;
  return outcome !== 'late' && sorted(own, address) === sorted(advertised, address)
    ? { ...plan, initialAdvertisePeerUrls: own }
    : plan;
}

function sorted(urls: readonly PeerUrl[], text: (url: PeerUrl) => string): string {
  return urls.map(text).sort().join(',');
}

/** The URL with the first address of its host, as etcd takes the one that the system prefers. */
async function resolvedAddress(url: PeerUrl, lookUp: LookUp): Promise<string> {
  const address = peerAddress(url);
  const [, scheme = '', host = '', port = ''] = /^([a-z]+):\/\/(.*):(\d+)$/.exec(address) ?? [];
  if (host.startsWith('[') || scheme.startsWith('unix')) {
    return address;
  }
  const [first = host] = [...(await lookUp(host))].sort();
  return `${scheme}://${first.includes(':') ? `[${first}]` : first}:${port}`;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
