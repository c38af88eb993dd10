import { checkEtcdDatabase } from '../datadir/mvcc/check-etcd-database.ts';
import { serveWorker } from './serve-worker.ts';

/** What a {@link DatabaseCheckThread} asks its worker. */
export type DatabaseCheckCalls = {
  /** The database in this file is to be checked; throws Damage. */
  readonly check: { readonly request: string; readonly result: undefined };
};

serveWorker<DatabaseCheckCalls>({
  check: async (file) => {
    // A check is cancelled by ending the thread.
    await checkEtcdDatabase(file, { signal: new AbortController().signal });
    return { value: undefined };
  },
});
