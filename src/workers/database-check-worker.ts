import { parentPort } from 'node:worker_threads';
import { Damage } from '../datadir/damage.ts';
import { checkEtcdDatabase } from '../datadir/mvcc/check-etcd-database.ts';
import type { DatabaseCheckAnswer } from './database-check-messages.ts';

// The program of a worker thread, see DatabaseCheckThread.
if (parentPort === null) {
  throw new Error('this program runs only in a worker thread');
}
const port = parentPort;
const answer = (message: DatabaseCheckAnswer): void => port.postMessage(message);

port.once('message', (file: string) => {
  // Whoever does not want the answer any more ends the thread.
  const { signal } = new AbortController();
  checkEtcdDatabase(file, { signal }).then(
    () => answer({ kind: 'sound' }),
    (error: unknown) => answer(answerAbout(error)),
  );
});

function answerAbout(error: unknown): DatabaseCheckAnswer {
  if (!(error instanceof Damage)) {
    return { kind: 'unknown' };
  }
  const { file, offset, reason } = error;
  return { kind: 'damage', file, offset, reason };
}
