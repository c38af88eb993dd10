import { type MessagePort, parentPort } from 'node:worker_threads';
import { ObjectCheck } from '../objects/content-check.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';
import type { ContentCheckAnswer, ContentCheckRequest, ObjectVerdict } from './content-check-messages.ts';

// The program of a worker thread, see ContentCheckThread.
if (parentPort === null) {
  throw new Error('this program runs only in a worker thread');
}
serveObjectChecks(parentPort);

/** Checks objects side by side as their parts come over `port`. */
function serveObjectChecks(port: MessagePort): void {
  const checks = new Map<number, ObjectCheck>();
  const answer = (message: ContentCheckAnswer, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);

  const checkOf = (id: number): ObjectCheck => {
    const check = checks.get(id);
    if (check === undefined) {
      throw new Error(`no object ${id} is being checked`);
    }
    return check;
  };

  port.on('message', async (request: ContentCheckRequest) => {
    const { id } = request;
    switch (request.kind) {
      case 'begin':
        checks.set(id, new ObjectCheck(request.task));
        break;
      case 'part':
        answer({ kind: 'part', id, part: await checkOf(id).inspect(request.bytes) }, [request.bytes.buffer]);
        break;
      case 'verdict':
        answer({ kind: 'verdict', id, verdict: await verdictOf(checkOf(id)) });
        break;
      case 'forget':
        checkOf(id)[Symbol.dispose]();
        checks.delete(id);
        break;
      default:
        request satisfies never;
    }
  });
}

async function verdictOf(check: ObjectCheck): Promise<ObjectVerdict> {
  try {
    await check.verdict();
    return { kind: 'sound' };
  } catch (error) {
    if (error instanceof SnapshotDamage) {
      return { kind: 'damage', reason: error.reason, offset: error.offset };
    }
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
