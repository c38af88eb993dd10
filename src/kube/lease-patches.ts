import type { Revision } from '../revision.ts';
import { Failure } from '../runtime/failure.ts';
import { type Lease, type LeasePatch, microTime } from './lease.ts';

/** The annotation of member leases by which etcd-druid sees that peers speak TLS. */
const tlsAnnotation = 'member.etcd.gardener.cloud/tls-enabled';

/** What the lease of an etcd member says. */
export interface MemberNews {
  readonly memberId: bigint;
  readonly clusterId: bigint;
  /** A learner is a member. */
  readonly role: 'Leader' | 'Member';
  readonly peers: 'TLS' | 'plain';
  /** ms since the epoch. */
  readonly now: number;
}

/** The patch that renews the lease of a member; fields that it holds already are left out, except the time. */
export function memberLeasePatch(lease: Lease, { memberId, clusterId, role, peers, now }: MemberNews): LeasePatch {
  const holderIdentity = `${memberId.toString(16)}:${clusterId.toString(16)}:${role}`;
  const tls = String(peers === 'TLS');
  return {
    ...(lease.annotations[tlsAnnotation] === tls ? {} : { metadata: { annotations: { [tlsAnnotation]: tls } } }),
    spec: { ...changedHolder(lease, holderIdentity), renewTime: microTime(now) },
  };
}

/**
 * The patch for the lease of full snapshots; undefined when the lease holds a higher revision, which is never lowered. Its time is
 * that of the snapshot, whole seconds since the epoch. Throws a {@link Failure} `lease_holder` when it holds no revision.
 */
export function fullLeasePatch(
  lease: Lease,
  full: { readonly lastRevision: Revision; readonly createdOn: number },
): LeasePatch | undefined {
  const held = heldRevision(lease);
  if (held !== undefined && held > full.lastRevision) {
    return undefined;
  }
  const { resourceVersion } = lease;
  return {
    ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }),
    spec: { ...changedHolder(lease, String(full.lastRevision)), renewTime: microTime(full.createdOn * 1_000) },
  };
}

/**
 * The patch for the lease of deltas: its time is `now`, ms since the epoch, and its revision is raised to that of the newest delta
 * above the full. Throws a {@link Failure} `lease_holder` when it holds no revision.
 */
export function deltaLeasePatch(
  lease: Lease,
  { lastRevision, now }: { readonly lastRevision: Revision | undefined; readonly now: number },
): LeasePatch {
  const held = heldRevision(lease);
  const raised = held === undefined || (lastRevision ?? 0) > held ? String(lastRevision ?? 0) : undefined;
  return { spec: { ...(raised === undefined ? {} : changedHolder(lease, raised)), renewTime: microTime(now) } };
}

function changedHolder(lease: Lease, holderIdentity: string): { readonly holderIdentity?: string } {
  return lease.holderIdentity === holderIdentity ? {} : { holderIdentity };
}

/** The revision that the holder of a lease is written as; undefined when it has none. */
function heldRevision({ name, holderIdentity }: Lease): bigint | undefined {
  if (holderIdentity === undefined || holderIdentity === '') {
    return undefined;
  }
  if (!/^\d{1,19}$/.test(holderIdentity)) {
    throw new Failure({
      code: 'lease_holder',
      action: 'renew',
      object: `lease ${name}`,
      found: 'its holder is no revision',
      remedy: 'check that nobody else uses this lease',
    });
  }
  return BigInt(holderIdentity);
}
