import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { readWholeLog } from '../../../../src/datadir/wal/whole-log.ts';
import { compactBackup } from '../../../../src/operations/compact/compact.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { errorText } from '../../../../src/runtime/log/error-text.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { assertOwnWords, type FileFault, faultsOfCall, withFileFault } from '../../../support/files/file-faults.ts';
import { triedCalls } from '../../../support/files/tried-calls.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

type Attempt = (request: ReturnType<typeof restoreRequest>) => Promise<unknown>;

const commands: Readonly<Record<string, Attempt>> = {
  restore: (request) => restore(request, recordedContext()),
  initialize: (request) => initialize({ ...request, mode: 'full', namespace: undefined }, recordedContext()),
  compact: (request) => {
    const store: SnapStore = {
      ...request.store,
      save: async (snapshot, body) => {
        let size = 0;
        for await (const bytes of body) {
          size += bytes.length;
        }
        return { ...snapshot, key: `v2/${snapshot.name}`, size };
      },
    };
    return compactBackup({ ...request, store, saveTimeoutMs: 10_000 }, recordedContext());
  },
};

/** Runs a command with a fault; gives the number of its calls, its error, and the keys that it has restored. */
async function attempt(work: Attempt, at: number | 'every' | undefined, fault: FileFault) {
  using dir = makeTempDir();
  const request = restoreRequest(dir);
  let error: unknown;
  const calls = await withFileFault({ at, fault }, async () => {
    await work(request).catch((thrown: unknown) => {
      error = thrown;
    });
  });
  const restored = await storedKeys(dir.join('data/member/snap/db')).catch(() => undefined);
  const directory = dir.join('data/member/wal');
  const { signal } = new AbortController();
  const log = existsSync(directory) ? await readWholeLog({ directory, likelyAfter: 0, signal }) : undefined;
  return { calls: calls.length, error, keys: restored, marks: log?.marks };
}

describe('an error of the file system, at any call, is told in our words', () => {
  for (const [name, work] of Object.entries(commands)) {
    it(name, async (t) => {
      const { calls, keys, marks } = await attempt(work, undefined, 'EIO');
      assert.ok(calls > 20);
      const slow = await attempt(work, 'every', 'half');
      assert.equal(slow.error, undefined);
      assert.deepEqual(slow.keys, keys, 'half of the bytes at a time');
      assert.deepEqual(slow.marks, marks, 'half of the bytes at a time');
      let told = 0;
      for (const at of triedCalls(calls, 30)) {
        for (const fault of faultsOfCall(at)) {
          const ended = await attempt(work, at, fault);
          const what = `call ${at}, ${fault}`;
          if (ended.error !== undefined) {
            const text = errorText(ended.error);
            assert.match(text, /^cannot [a-z]/, what);
            assertOwnWords(text, what);
            assert.notEqual(fault, 'half', `${what}: ${text}`);
            told += 1;
          } else {
            assert.deepEqual(ended.keys, keys, what);
          }
        }
      }
      t.diagnostic(`${told} of ${calls} calls end ${name}`);
      assert.ok(told > 5);
    });
  }
});
