import { Failure } from '../runtime/failure.ts';

/** The failure of a database that becomes larger than the quota of the etcd it is made for. Sizes in bytes. */
export function quotaExceeded({ size, quotaBytes }: { readonly size: number; readonly quotaBytes: number }): Failure {
  return new Failure({
    code: 'quota_exceeded',
    action: 'restore',
    object: 'the database',
    found: `it needs ${size} bytes, more than the quota of ${quotaBytes}`,
    remedy: 'raise --embedded-etcd-quota-bytes, and the quota of the etcd that will run on it',
  });
}
