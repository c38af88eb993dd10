import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { EtcdFailure } from '../../../src/etcd/etcd-failure.ts';
import { type Connected, connected } from '../../support/etcd/connected.ts';
import { type FakeSnapshotResponse, startFakeEtcd } from '../../support/etcd/fake-etcd.ts';
import { putMany } from '../../support/etcd/put-many.ts';

function failsWith(code: EtcdFailure['code'], pattern: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof EtcdFailure, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    return true;
  };
}

async function readAll({ cluster, signal }: Connected): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of cluster.snapshot({ signal })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An etcd with about `mebibytes` MiB in it. */
async function filled(line: (typeof etcdLines)[number], mebibytes: number): Promise<EtcdServer> {
  const etcd = await startEtcd({ release: await etcdRelease(line) });
  await putMany(etcd, { keys: mebibytes, value: (index) => randomBytes(1024 * 1024 - index) });
  return etcd;
}

for (const line of etcdLines) {
  describe(`etcd ${line}`, () => {
    test('sends its database and the hash of it, and announces the size', async () => {
      await using etcd = await filled(line, 3);
      await using connection = await connected([etcd.clientUrl]);
      const sizes: number[] = [];
      const chunks: Uint8Array[] = [];
      for await (const chunk of connection.cluster.snapshot({
        signal: connection.signal,
        onSize: (size) => sizes.push(size),
      })) {
        chunks.push(chunk);
      }
      const stream = Buffer.concat(chunks);
      assert.deepEqual(sizes, [stream.length]);
      assert.equal(stream.length % 512, 32);
      const database = stream.subarray(0, -32);
      assert.deepEqual(createHash('sha256').update(database).digest(), stream.subarray(-32));
    });

    test('killed in the middle of the stream: a clear failure', async () => {
      await using etcd = await filled(line, 12);
      await using connection = await connected([etcd.clientUrl]);
      let received = 0;
      const reading = (async () => {
        for await (const chunk of connection.cluster.snapshot({ signal: connection.signal })) {
          received += chunk.length;
          if (received === chunk.length) {
            await etcd.kill9();
          }
        }
      })();
      await assert.rejects(reading, failsWith('etcd_unreachable', /the stream broke off after \d+ bytes: .*refused/));
      assert.ok(received > 0 && received < 12 * 1024 * 1024);
    });
  });
}

test('a reader that does not read holds the stream up, without filling memory', async () => {
  const total = 256 * 1024 * 1024;
  const blob = Buffer.alloc(1024 * 1024);
  let sent = 0;
  await using etcd = await startFakeEtcd({
    snapshot: (call) => {
      const send = (): void => {
        while (sent < total) {
          sent += blob.length;
          if (!call.write({ remaining_bytes: total - sent, blob })) {
            call.once('drain', send);
            return;
          }
        }
        call.write({ remaining_bytes: 0, blob: Buffer.alloc(32) });
        call.end();
      };
      send();
    },
  });
  await using connection = await connected([etcd.url]);
  let received = 0;
  for await (const chunk of connection.cluster.snapshot({ signal: connection.signal })) {
    if (received === 0) {
      let before = -1;
      await eventually(
        () => {
          const still = sent === before;
          before = sent;
          return still ? true : undefined;
        },
        { intervalMs: 300 },
      );
      assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were read ahead of the reader`);
    }
    received += chunk.length;
  }
  assert.equal(received, total + 32);
});

test('other calls are answered while a snapshot stream is not read', async () => {
  await using etcd = await filled('3.5', 12);
  await using connection = await connected([etcd.clientUrl]);
  const stream = connection.cluster.snapshot({ signal: connection.signal })[Symbol.asyncIterator]();
  await stream.next();
  // Enough calls for the stream's buffers to fill up meanwhile.
  for (let call = 0; call < 50; call++) {
    assert.equal((await connection.cluster.status({ signal: connection.signal })).version, etcd.release.version);
  }
  await stream.return?.();
});

test('an abort ends the stream at once with its reason', async () => {
  await using etcd = await startFakeEtcd({
    snapshot: (call) => {
      call.write({ remaining_bytes: 4096, blob: Buffer.alloc(4096) });
    },
  });
  await using connection = await connected([etcd.url]);
  const controller = new AbortController();
  const reason = new Error('stopped');
  const reading = (async () => {
    for await (const _ of connection.cluster.snapshot({ signal: controller.signal })) {
      controller.abort(reason);
    }
  })();
  await assert.rejects(reading, (error) => error === reason);
});

test('a stream that stalls fails at the deadline, with the option that raises it', async () => {
  await using etcd = await startFakeEtcd({
    snapshot: (call) => {
      call.write({ remaining_bytes: 4096, blob: Buffer.alloc(4096) });
    },
  });
  await using connection = await connected([etcd.url], { snapshotTimeoutMs: 400 });
  await assert.rejects(
    readAll(connection),
    failsWith('etcd_timeout', /broke off after 4096 bytes: no answer in time; raise --etcd-snapshot-timeout/),
  );
});

const page = Buffer.alloc(4096);
const hash = createHash('sha256')
  .update(Buffer.concat([page, page]))
  .digest();
const unsound: readonly [string, readonly FakeSnapshotResponse[], RegExp][] = [
  ['without hash', [message(4096, page), message(0, page)], /without the hash/],
  ['that ends early, with success', [message(8192, page), message(4096, page)], /ended after 8192 bytes of 12288/],
  ['with a message missing', [message(8192, page), message(0, page), message(0, hash)], /announces 0 more/],
  ['without any message', [], /ended after 0 bytes/],
];
for (const [what, messages, pattern] of unsound) {
  test(`a stream ${what} is refused`, async () => {
    await using etcd = await startFakeEtcd({
      snapshot: (call) => {
        for (const each of messages) {
          call.write(each);
        }
        call.end();
      },
    });
    await using connection = await connected([etcd.url]);
    await assert.rejects(readAll(connection), failsWith('etcd_snapshot_incomplete', pattern));
  });
}

test('a message larger than any etcd sends is refused before it has come, compressed or not', async () => {
  for (const compression of [undefined, 'gzip', 'deflate'] as const) {
    await using etcd = await startFakeEtcd({
      snapshot: (call) => {
        call.write(message(0, Buffer.alloc(17 * 1024 * 1024)));
        call.end();
      },
      compression,
    });
    await using connection = await connected([etcd.url]);
    await assert.rejects(readAll(connection), failsWith('etcd_refused', /a message larger than any etcd does/));
  }
});

test('an answer larger than any etcd gives is refused', async () => {
  await using etcd = await startFakeEtcd({
    status: { header: { revision: '1' }, version: 'x'.repeat(5 * 1024 * 1024) },
  });
  await using connection = await connected([etcd.url], {}, { answer: 'not awaited' });
  const asked = connection.cluster.status({ signal: connection.signal });
  await assert.rejects(asked, failsWith('etcd_refused', /a message larger than any etcd does/));
});

test('a stream that goes on after its hash ends with the first message too many', async () => {
  let sent = 0;
  await using etcd = await startFakeEtcd({
    snapshot: (call) => {
      call.on('error', () => {});
      call.write(message(0, page));
      const send = (): void => {
        while (sent < 10_000) {
          sent += 1;
          if (!call.write(message(0, page))) {
            call.once('drain', send);
            return;
          }
        }
      };
      send();
    },
  });
  await using connection = await connected([etcd.url]);
  await assert.rejects(readAll(connection), failsWith('etcd_snapshot_incomplete', /4096 bytes follow the database/));
  assert.ok(sent < 10_000, `${sent} messages were sent`);
});

test('a server without snapshots is refused with what it said', async () => {
  await using etcd = await startFakeEtcd({});
  await using connection = await connected([etcd.url]);
  await assert.rejects(readAll(connection), failsWith('etcd_refused', /does not know the call/));
});

function message(remaining: number, blob: Buffer): FakeSnapshotResponse {
  return { remaining_bytes: remaining, blob };
}
