import assert from 'node:assert/strict';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { pendingThreadWork } from '../../../../src/runtime/process/pending-thread-work.ts';

it('requests to the file system and for names count, timers and sockets do not', () => {
  assert.equal(pendingThreadWork([]), 'none');
  assert.equal(pendingThreadWork(['Timeout', 'TCPSocketWrap', 'TTYWrap', 'PipeWrap']), 'none');
  for (const name of ['FSReqCallback', 'FSReqPromise', 'FileHandleCloseReq', 'GetAddrInfoReqWrap']) {
    assert.equal(pendingThreadWork(['Timeout', name]), 'requests');
  }
  assert.equal(pendingThreadWork(['MessagePort', 'Timeout']), 'workers');
});

it('they have these names in this version of Node', async () => {
  const opened = open('/dev/null');
  assert.equal(pendingThreadWork(process.getActiveResourcesInfo()), 'requests');
  await using handle = await opened;
  const closed = handle.close();
  assert.equal(pendingThreadWork(process.getActiveResourcesInfo()), 'requests');
  await closed;
  const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
  worker.on('message', () => undefined);
  await once(worker, 'online');
  assert.equal(pendingThreadWork(process.getActiveResourcesInfo()), 'workers');
  await worker.terminate();
});
