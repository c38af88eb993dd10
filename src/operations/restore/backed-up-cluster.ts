import type { Database } from '../../datadir/bbolt/database.ts';
import { clusterId } from '../../datadir/membership/member.ts';
import type { History } from '../../snapshot/history/histories.ts';

/** An id as etcd writes it: hexadecimal, 64 bits. */
const ID = /^[0-9a-f]{1,16}$/;
/** A cluster has far fewer members. */
const MOST_MEMBERS = 1_000;

/** The ids of the members that a database of etcd names; none where these cannot be read as such. Throws Damage. */
export async function memberIdsIn(
  base: Database,
  options: { readonly signal: AbortSignal },
): Promise<readonly bigint[]> {
  const bucket = await base.bucket('members');
  const ids: bigint[] = [];
  for await (const leaf of bucket?.leaves(options) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      const text = Buffer.from(leaf.key(index)).toString('latin1');
      if (!ID.test(text) || ids.length === MOST_MEMBERS) {
        return [];
      }
      ids.push(BigInt(`0x${text}`));
    }
  }
  return ids;
}

/**
 * The id that the members in a database of etcd give their cluster; undefined where they give none, as after one of them was removed. It is
 * that of the cluster as long as none was added, either, since it was made. Throws Damage.
 */
export async function clusterIdOf(
  base: Database,
  options: { readonly signal: AbortSignal },
): Promise<bigint | undefined> {
  const removed = await base.bucket('members_removed');
  for await (const leaf of removed?.leaves(options) ?? []) {
    if (leaf.count > 0) {
      return undefined;
    }
  }
  const members = await memberIdsIn(base, options);
  return members.length === 0 ? undefined : clusterId(members.map((id) => ({ id })));
}

/** The id of the cluster whose history it is, as far as its marker says. */
export function clusterIdOfHistory({ begunBy }: Pick<History<unknown>, 'begunBy'>): bigint | undefined {
  const id = begunBy === undefined ? 0n : BigInt(`0x${begunBy.clusterId}`);
  return id === 0n ? undefined : id;
}
