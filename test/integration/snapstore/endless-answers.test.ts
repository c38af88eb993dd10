import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { limits } from '../../../src/runtime/limits.ts';
import { errorText } from '../../../src/runtime/log/error-text.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { FOREIGN_WORDS } from '../../conformance/cases/foreign-answer-cases.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { type RawAnswer, startRawServer } from '../../support/servers/raw-server.ts';
import { listed, readWhole, uploadInParts } from '../../support/stores/bucket-calls.ts';
import { openRaw, type RawSubject, rawSubjects } from '../../support/stores/raw-subjects.ts';

const { signal } = new AbortController();

/** Each wait is short: nothing here comes in time, however fast the machine is. */
const shortly = {
  requestMs: 200,
  partMs: 200,
  stallMs: 200,
  retries: { firstMs: 1, multiplier: 1, longestMs: 1, retries: 0 },
};
/** For what is to end because it is too much, and not because it takes too long. */
const patiently = { ...shortly, requestMs: 60_000, partMs: 60_000, stallMs: 60_000 };

/** The largest answer that is read at all, and what the kernel may hold besides, bytes. */
const mostTaken = limits.storeAnswer.most + 16 * 1024 * 1024;
/** An endless answer ends here after all, so that a test of a reader without a limit fails instead of lasting for ever, bytes. */
const endOfAll = 4 * mostTaken;

type Client = Parameters<RawAnswer>[0];

/** Headers that tell each client that its own service has answered. */
const own = Object.entries({
  etag: '"0123456789abcdef0123456789abcdef"',
  'last-modified': 'Wed, 21 Oct 2026 07:28:00 GMT',
  'content-type': 'application/octet-stream',
  'x-amz-request-id': '1',
  'x-oss-request-id': '1',
  'x-goog-generation': '1',
  'x-ms-request-id': '1',
  'x-ms-version': '2026-01-01',
  'x-ms-blob-type': 'BlockBlob',
  'x-trans-id': 'tx1',
})
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

const headOf = (status: string, more: string): string => `HTTP/1.1 ${status}\r\n${own}${more}\r\n`;

/** Writes the same again and again, as fast as it is taken. */
function flood(client: Client, piece: string | Buffer): void {
  const send = (): void => {
    if (client.bytesWritten > endOfAll) {
      client.end();
    } else if (!client.destroyed) {
      client.write(piece, () => setImmediate(send));
    }
  };
  send();
}

/** Writes the same again and again, a little at a time. */
function drip(client: Client, piece: string): void {
  const timer = setInterval(() => client.write(piece), 20);
  client.on('close', () => clearInterval(timer));
}

const filling = Buffer.alloc(256 * 1024, 'a');
const chunk = Buffer.concat([Buffer.from('40000\r\n'), filling, Buffer.from('\r\n')]);
const object = 1_000;

/** Bodies of any answer of success that have no end, of which too much comes at once. */
const floods: Readonly<Record<string, RawAnswer>> = {
  '200 in chunks': (client) => {
    client.write(headOf('200 OK', 'transfer-encoding: chunked\r\n'));
    flood(client, chunk);
  },
  '202 until the connection ends': (client) => {
    client.write(headOf('202 Accepted', 'connection: close\r\n'));
    flood(client, filling);
  },
  '404 in chunks': (client) => {
    client.write(headOf('404 Not Found', 'transfer-encoding: chunked\r\n'));
    flood(client, chunk);
  },
  '503 until the connection ends': (client) => {
    client.write(headOf('503 Slow Down', 'connection: close\r\n'));
    flood(client, filling);
  },
  '302 in chunks': (client) => {
    client.write(headOf('302 Found', 'location: /\r\ntransfer-encoding: chunked\r\n'));
    flood(client, chunk);
  },
  'the rest of a chunk': (client) => {
    client.write(`${headOf('200 OK', 'transfer-encoding: chunked\r\n')}5;`);
    flood(client, filling);
  },
  'what follows the last chunk': (client) => {
    client.write(`${headOf('200 OK', 'transfer-encoding: chunked\r\n')}5\r\nhello\r\n0\r\n`);
    flood(client, `x-more: ${'a'.repeat(1_000)}\r\n`);
  },
  'informational answers that do not end': (client) =>
    flood(client, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(100)),
  '100 Continue': (client) => flood(client, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)),
};

/** Answers that go on for ever without coming to anything. */
const dribbles: Readonly<Record<string, RawAnswer>> = {
  'a header': (client) => {
    client.write('HTTP/1.1 200 OK\r\nx-slow: ');
    drip(client, 'a');
  },
  'a body': (client) => {
    client.write(headOf('200 OK', 'transfer-encoding: chunked\r\n'));
    drip(client, '1\r\n<\r\n');
  },
  'a body of known length': (client) => {
    client.write(headOf('200 OK', 'content-length: 100000\r\n'));
    drip(client, '<');
  },
  '100 Continue': (client) => drip(client, 'HTTP/1.1 100 Continue\r\n\r\n'),
  'nothing, and the request is not read': (client) => void client.pause(),
};

const attempts: Readonly<Record<string, (bucket: Bucket) => Promise<unknown>>> = {
  list: (bucket) => listed(bucket, 'v2/'),
  folders: (bucket) => Array.fromAsync(bucket.folders('', { signal })),
  leftovers: (bucket) => Array.fromAsync(bucket.leftovers?.('v2/', { signal }) ?? []),
  read: (bucket) => readWhole(bucket, 'v2/a'),
  range: async (bucket) => {
    const body = await bucket.read('v2/a', { signal, range: { start: 0, end: 10 } });
    return await body.toArray();
  },
  save: (bucket) => uploadInParts(bucket, 'v2/a', Buffer.alloc(8 * 1024 * 1024, 7), 4 * 1024 * 1024),
  delete: (bucket) => bucket.delete('v2/a', { signal }),
};

/** What is a proper answer after all: that Azure deletes with 202, and a listing that it does not have. */
function isProper(name: string, what: string, title: string): boolean {
  return name === 'ABS' && (what === 'leftovers' || (what === 'delete' && title.startsWith('202')));
}

let dir: TempDir;
before(() => {
  dir = makeTempDir();
});
after(() => dir[Symbol.dispose]());

/** A bucket on a server that gives one answer to all, but for a login; tells how much of an answer was taken, bytes. */
async function standIn(
  subject: RawSubject,
  answer: RawAnswer,
  timeouts: typeof shortly,
): Promise<AsyncDisposable & { readonly bucket: Bucket; mostTaken(): number }> {
  let url = '';
  const clients = new Set<Client>();
  const server = await startRawServer((client, head) => {
    if (subject.login?.(client, head, url) !== true) {
      clients.add(client);
      answer(client, head);
    }
  });
  url = server.url;
  const bucket = await openRaw(subject, url, { dir, log: new RecordedLog(), timeouts });
  return {
    bucket,
    mostTaken: () => Math.max(0, ...[...clients].map((client) => client.bytesWritten)),
    [Symbol.asyncDispose]: async () => {
      await bucket[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Fails unless each operation fails, in our words. */
async function assertAllFail(name: string, title: string, bucket: Bucket, bound: number): Promise<void> {
  for (const [what, attempt] of Object.entries(attempts)) {
    const begun = performance.now();
    const error = await attempt(bucket).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const ms = performance.now() - begun;
    assert.ok(ms < bound, `${what} took ${ms} ms`);
    if (error === undefined) {
      assert.ok(isProper(name, what, title), `${what} succeeded`);
      continue;
    }
    assert.ok(error instanceof StoreError, `${what}: ${error}`);
    const text = errorText(error);
    assert.doesNotMatch(text, FOREIGN_WORDS, what);
    assert.doesNotMatch(text, /the request failed/, what);
  }
}

const subjects = Object.entries<RawSubject>(rawSubjects).filter(([name]) => !['ECS', 'OCS'].includes(name));

describe('an answer without an end', () => {
  for (const [name, subject] of subjects) {
    describe(name, { concurrency: 6 }, () => {
      for (const [title, answer] of Object.entries(floods)) {
        it(`is not read to its end: ${title}`, async () => {
          await using there = await standIn(subject, answer, patiently);
          await assertAllFail(name, title, there.bucket, 50_000);
          assert.ok(there.mostTaken() < mostTaken, `${there.mostTaken()} bytes were taken`);
        });
      }
      for (const [title, answer] of Object.entries(dribbles)) {
        it(`is not waited for: ${title}`, async () => {
          await using there = await standIn(subject, answer, shortly);
          await assertAllFail(name, title, there.bucket, 15_000);
        });
      }
    });
  }
});

/** The head of an answer with the object, or with all of it as a range, which Azure's client asks for where no length comes. */
function successOf(request: string, more: string): string {
  return /^x-ms-range:/im.test(request)
    ? headOf('206 Partial Content', `content-range: bytes 0-${object - 1}/${object}\r\n${more}`)
    : headOf('200 OK', more);
}

/** Bodies of an object of 1,000 bytes, and what is said of them. */
const bodies: Readonly<
  Record<string, { readonly answer: RawAnswer; readonly found: RegExp; readonly stallMs: number }>
> = {
  'has no end': {
    answer: (client, head) => {
      client.write(successOf(head, 'transfer-encoding: chunked\r\n'));
      flood(client, chunk);
    },
    found: /more than the announced 1000 bytes came/,
    stallMs: 60_000,
  },
  'has no length and no end': {
    answer: (client, head) => {
      client.write(successOf(head, 'connection: close\r\n'));
      flood(client, filling);
    },
    found: /more than the announced 1000 bytes came/,
    stallMs: 60_000,
  },
  'stops in the middle': {
    answer: (client) => {
      client.write(`${headOf('200 OK', `content-length: ${object}\r\n`)}some bytes`);
    },
    found: /nothing came back within 0\.2 s/,
    stallMs: 200,
  },
  'stops between two chunks': {
    answer: (client, head) => {
      client.write(`${successOf(head, 'transfer-encoding: chunked\r\n')}4\r\nsome\r\n`);
    },
    found: /nothing came back within 0\.2 s/,
    stallMs: 200,
  },
  'comes a byte at a time': {
    answer: (client) => {
      client.write(headOf('200 OK', `content-length: ${object}\r\n`));
      drip(client, 'a');
    },
    found: /no more than \d+ bytes came within 1 s/,
    stallMs: 1_000,
  },
};

describe('a body that', () => {
  for (const [title, { answer, found, stallMs }] of Object.entries(bodies)) {
    for (const [name, subject] of subjects.filter(([each]) => !each.includes('at its login'))) {
      it(`${title} is no object: ${name}`, async () => {
        const all: RawAnswer = (client, head) => {
          if (head.startsWith('HEAD ')) {
            client.write(headOf('200 OK', `content-length: ${object}\r\n`));
          } else if (head.includes('alt=media') || !/storage\/v1/.test(head)) {
            answer(client, head);
          } else {
            const described = {
              kind: 'storage#object',
              name: 'v2/a',
              size: object,
              updated: '2026-01-01T00:00:00Z',
              generation: 1,
            };
            const body = JSON.stringify(described);
            client.write(
              `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
            );
          }
        };
        await using there = await standIn(subject, all, { ...patiently, stallMs });
        const reading = there.bucket.read('v2/a', { signal, size: object }).then((body) => body.toArray());
        await assert.rejects(reading, (error) => {
          assert.ok(error instanceof StoreError, String(error));
          assert.equal(error.kind, 'transient', error.message);
          assert.match(error.message, found);
          return true;
        });
        assert.ok(there.mostTaken() < mostTaken, `${there.mostTaken()} bytes were taken`);
      });
    }
  }

  for (const [name, subject] of subjects.filter(([each]) => !each.includes('at its login'))) {
    it(`goes on after its length ends there: ${name}`, async () => {
      const answer: RawAnswer = (client) => {
        client.write(headOf('200 OK', `content-length: ${object}\r\n`));
        flood(client, filling);
      };
      await using there = await standIn(subject, answer, patiently);
      assert.equal((await readWhole(there.bucket, 'v2/a')).length, object);
      assert.ok(there.mostTaken() < mostTaken, `${there.mostTaken()} bytes were taken`);
    });
  }
});
