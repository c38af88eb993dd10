import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { compactBackup } from '../../../../src/operations/compact/compact.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { errorText } from '../../../../src/runtime/log/error-text.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { observeFileCalls } from '../../../support/files/file-calls.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const codes = ['ENOSPC', 'EACCES', 'ENOENT', 'EISDIR', 'ENOTDIR', 'EROFS', 'EDQUOT', 'EIO'] as const;
type Code = (typeof codes)[number];

/** Each call is tried with one of the codes in turn; with this variable, with each of them. */
const everyCode = process.env['FILE_ERRORS'] === 'all';

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

/** Runs a command whose call number `at` to the file system ends with `code`; gives the number of calls, and the error. */
async function attempt(work: Attempt, at: number | undefined, code: Code): Promise<{ calls: number; error: unknown }> {
  using dir = makeTempDir();
  let calls = 0;
  let error: unknown;
  const request = restoreRequest(dir);
  using _ = await observeFileCalls(({ name, path }) => {
    calls += 1;
    if (calls === at) {
      const syscall = name.replace(/^\.|Sync$/g, '');
      const where = path === undefined ? '' : ` '${path}'`;
      throw Object.assign(new Error(`${code}: as the system says it, ${syscall}${where}`), {
        code,
        syscall,
        errno: -constants.errno[code],
        ...(path === undefined ? {} : { path }),
      });
    }
  });
  try {
    await work(request);
  } catch (thrown) {
    error = thrown;
  }
  return { calls, error };
}

describe('an error of the file system, at any call, is told in our words', () => {
  for (const [name, work] of Object.entries(commands)) {
    it(name, async (t) => {
      const { calls } = await attempt(work, undefined, 'EIO');
      assert.ok(calls > 20);
      let told = 0;
      for (let at = 1; at <= calls; at++) {
        for (const code of everyCode ? codes : [codes[at % codes.length] ?? 'EIO']) {
          const { error } = await attempt(work, at, code);
          if (error !== undefined) {
            const text = errorText(error);
            assert.match(text, /^cannot [a-z]/, `call ${at}, ${code}`);
            assert.doesNotMatch(text, /as the system says it|E[A-Z]+: |, [a-z]+ '/, `call ${at}, ${code}`);
            told += 1;
          }
        }
      }
      t.diagnostic(`${told} of ${calls} calls end ${name}`);
      assert.ok(told > 5);
    });
  }
});
