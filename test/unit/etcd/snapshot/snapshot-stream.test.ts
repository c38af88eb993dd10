import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EtcdFailure } from '../../../../src/etcd/etcd-failure.ts';
import { verifiedSnapshotBytes } from '../../../../src/etcd/snapshot/snapshot-stream.ts';

interface Message {
  readonly remainingBytes: number;
  readonly blob: Uint8Array;
}

function message(remainingBytes: number, length: number): Message {
  return { remainingBytes, blob: new Uint8Array(length).fill(length % 251) };
}

async function* bundled(...bundles: readonly (readonly Message[])[]): AsyncGenerator<readonly Message[]> {
  yield* bundles;
}

async function read(...bundles: readonly (readonly Message[])[]): Promise<{ sizes: number[]; bytes: number }> {
  const sizes: number[] = [];
  let bytes = 0;
  for await (const chunk of verifiedSnapshotBytes(bundled(...bundles), {
    endpoint: 'http://etcd-0:2379',
    onSize: (size) => sizes.push(size),
  })) {
    bytes += chunk.length;
  }
  return { sizes, bytes };
}

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof EtcdFailure && error.code === 'etcd_snapshot_incomplete' && pattern.test(error.message);
}

test('database and hash come through, and the size is announced once', async () => {
  const result = await read([message(1536, 512), message(1024, 512)], [message(0, 1024), message(0, 32)]);
  assert.deepEqual(result, { sizes: [2080], bytes: 2080 });
});

test('an empty message before the hash does no harm', async () => {
  assert.equal((await read([message(0, 512), message(0, 0), message(0, 32)])).bytes, 544);
});

test('a stream without hash is refused', async () => {
  await assert.rejects(read([message(512, 512), message(0, 512)]), refusal(/without the hash/));
});

test('a stream that ends early is refused', async () => {
  await assert.rejects(read([message(1024, 512), message(512, 512)]), refusal(/ended after 1024 bytes of 1536/));
});

test('a stream that lost a message in between is refused', async () => {
  await assert.rejects(read([message(1536, 512), message(512, 512)]), refusal(/announces 512 more/));
});

test('a hash of another length is refused', async () => {
  await assert.rejects(read([message(0, 512), message(0, 20)]), refusal(/20 bytes follow/));
});

test('a stream without any message is refused', async () => {
  await assert.rejects(read(), refusal(/ended after 0 bytes/));
});

test('a stream that goes on after its hash is refused with the first byte too many', async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<readonly Message[]> {
    yield [message(0, 512), message(0, 32)];
    for (; sent < 1_000; sent++) {
      yield [message(0, 1)];
    }
  }
  const bytes = verifiedSnapshotBytes(endless(), { endpoint: 'http://etcd-0:2379' });
  await assert.rejects(
    async () => {
      for await (const _ of bytes) {
      }
    },
    refusal(/33 bytes follow/),
  );
  assert.equal(sent, 0);
});
