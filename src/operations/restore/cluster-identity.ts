import type { BucketEntry, ClusterBootstrap } from '../../datadir/membership/bootstrap.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from '../../datadir/mvcc/revision-key.ts';

/** What a database records of the cluster it belongs to. */
export type Identity = Pick<ClusterBootstrap, 'bucketEntries'> & {
  /** The members of its cluster; undefined where that is not decided yet. */
  readonly members?: ClusterBootstrap['members'];
};

/** The same, with a compaction at `revision` begun: etcd finishes it when it starts. As `etcdutl snapshot restore --mark-compacted`. */
export function withScheduledCompaction(identity: Identity, revision: number): Identity {
  const value = new Uint8Array(REVISION_KEY_SIZE);
  encodeRevisionKey(value, 0, { main: revision, sub: 0, tombstone: false });
  const mark: BucketEntry = { key: Buffer.from('scheduledCompactRev'), value };
  const meta = [...(identity.bucketEntries.get('meta') ?? []), mark].toSorted((a, b) => Buffer.compare(a.key, b.key));
  return { ...identity, bucketEntries: new Map([...identity.bucketEntries, ['meta', meta]]) };
}
