import { Failure } from '../runtime/failure.ts';
import { formatBytes } from '../runtime/log/amount.ts';

/** The failure of a database that becomes larger than the quota of the etcd it is made for. Sizes in bytes. */
export function quotaExceeded({ size, quotaBytes }: { readonly size: number; readonly quotaBytes: number }): Failure {
  return new Failure({
    code: 'quota_exceeded',
    action: 'restore',
    object: 'the database',
    found: `it needs at least ${formatBytes(size)}, more than the quota of ${formatBytes(quotaBytes)}`,
    remedy: 'raise --embedded-etcd-quota-bytes, and the quota of the etcd that will run on it',
  });
}
