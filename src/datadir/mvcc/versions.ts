import type { Bucket } from '../bbolt/bucket.ts';
import type { Database } from '../bbolt/database.ts';

/** The versions of etcd that a database names. */
export interface DatabaseVersions {
  /** Version of the contents, such as `3.6.0`; only etcd 3.6 and newer write it. */
  readonly storage: string | undefined;
  /** Lowest version of the cluster's members, such as `3.5.0`. */
  readonly cluster: string | undefined;
}

/** What etcd writes, and nothing that could not be printed. */
const VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}$/;

/**
 * Reads `storageVersion` from the bucket `meta` and `clusterVersion` from `cluster`. What is no version there counts as none. Throws
 * `Damage`.
 *
 * Source: etcd server/storage/schema/schema.go and membership.go.
 */
export async function readVersions(database: Database): Promise<DatabaseVersions> {
  return {
    storage: await textOf(await database.bucket('meta'), 'storageVersion'),
    cluster: await textOf(await database.bucket('cluster'), 'clusterVersion'),
  };
}

async function textOf(bucket: Bucket | undefined, key: string): Promise<string | undefined> {
  const value = await bucket?.get(Buffer.from(key));
  const text = Buffer.from(value?.subarray(0, 32) ?? []).toString('latin1');
  return VERSION.test(text) ? text : undefined;
}
