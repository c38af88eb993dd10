import type { ClusterState, GatewayKey } from '../lab/etcd-gateway.ts';

/** What a client can see of a cluster, and etcd's own hash of its history. */
export interface HashedState extends ClusterState {
  /** HashKV: over every record up to `revision` that is not compacted. */
  readonly hash: number;
}

/** One thing two states should have in common. */
export interface Comparison {
  readonly subject: string;
  /** How they differ, with an example; undefined when they do not. */
  readonly difference: string | undefined;
}

/**
 * Compares a restored cluster with the one that was lost. Terms are compared of the leases `inFull` only: deltas name the
 * lease of a key, but not for how long it was granted, and the restore gives leases that came later a term of its own.
 */
export function compareStates(
  before: HashedState,
  after: HashedState,
  { inFull }: { readonly inFull: readonly string[] },
): readonly Comparison[] {
  return [
    { subject: `revision ${before.revision}`, difference: number(before.revision, after.revision) },
    { subject: `${before.keys.length} keys: values, versions, revisions, leases`, difference: keys(before, after) },
    { subject: `${before.leases.length} leases`, difference: leases(before, after, inFull) },
    { subject: `hash over the whole history, ${before.hash}`, difference: number(before.hash, after.hash) },
  ];
}

function number(before: number, after: number): string | undefined {
  return before === after ? undefined : `${before} before, ${after} after`;
}

function keys(before: ClusterState, after: ClusterState): string | undefined {
  const restored = new Map(after.keys.map((key) => [key.key, key]));
  const wrong = before.keys.filter((key) => !sameKey(key, restored.get(key.key)));
  const extra = after.keys.length - before.keys.length;
  const [example] = wrong;
  if (example !== undefined) {
    const name = Buffer.from(example.key, 'base64').toString();
    return `${wrong.length} missing or changed, such as ${name}`;
  }
  return extra === 0 ? undefined : `${extra} too many`;
}

function sameKey(a: GatewayKey, b: GatewayKey | undefined): boolean {
  return (
    b !== undefined &&
    a.value === b.value &&
    a.create_revision === b.create_revision &&
    a.mod_revision === b.mod_revision &&
    a.version === b.version &&
    a.lease === b.lease
  );
}

function leases(before: ClusterState, after: ClusterState, inFull: readonly string[]): string | undefined {
  const list = (state: ClusterState): string =>
    state.leases.map(({ id, grantedTtl }) => (inFull.includes(id) ? `${id} for ${grantedTtl} s` : id)).join(', ');
  return list(before) === list(after) ? undefined : `${list(before)} before, ${list(after)} after`;
}
