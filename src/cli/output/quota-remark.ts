import { formatBytes } from '../../runtime/log/amount.ts';

const GIB = 1024 ** 3;
/** etcd's default quota, bytes. Source: etcd, server/storage/quota.go. */
const DEFAULT_QUOTA = 2 * GIB;
/** The largest quota that etcd takes without a warning, bytes. */
const ADVISED_QUOTA = 8 * GIB;
/** A database with this share of a quota is near it. */
const NEAR = 0.9;

/** What the size of a database means for the etcd that starts on it, bytes; undefined while it is far from every quota. */
export function quotaRemark(size: number): string | undefined {
  for (const [quota, what] of [
    [ADVISED_QUOTA, 'the largest quota that etcd advises'],
    [DEFAULT_QUOTA, "etcd's quota where no other is given"],
  ] as const) {
    if (size >= NEAR * quota) {
      const where = size >= quota ? 'beyond' : 'near';
      return `The database has ${formatBytes(size)}, ${where} ${what} (${formatBytes(quota)}): etcd takes no writes beyond its --quota-backend-bytes; give it more, or compact and defragment`;
    }
  }
  return undefined;
}
