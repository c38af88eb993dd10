import type { TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import type { RequestTimeouts } from '../../../src/snapstore/http/store-requests.ts';
import { RecordedLog } from '../context/recorded-log.ts';
import { type RawAnswer, type RawServer, startRawServer } from '../servers/raw-server.ts';
import { longTimeouts } from './bucket-calls.ts';
import { openRaw, type RawSubject, rawSubjects } from './raw-subjects.ts';

/** The name of a provider whose store is a raw server. */
export type RawName = keyof typeof rawSubjects;

/** A bucket whose store is a raw server that has let it in. */
export interface RawBucket extends AsyncDisposable {
  readonly bucket: Bucket;
  readonly server: RawServer;
}

/** Starts a store that gives `answer` to each request after the login, and opens its bucket `backups`. Retries come at once. */
export async function startRawBucket(
  name: RawName,
  answer: RawAnswer,
  { dir, timeouts = longTimeouts }: { readonly dir: TempDir; readonly timeouts?: RequestTimeouts },
): Promise<RawBucket> {
  const subject: RawSubject = rawSubjects[name];
  let url = '';
  const server = await startRawServer((socket, head) => {
    if (subject.login?.(socket, head, url) !== true) {
      answer(socket, head);
    }
  });
  url = server.url;
  const bucket = await openRaw(subject, url, { dir, log: new RecordedLog(), timeouts });
  return {
    bucket,
    server,
    [Symbol.asyncDispose]: async () => {
      await bucket[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
