import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { actingAs } from '../../../../src/runtime/process/acting-as.ts';
import { unlessRoot } from '../../../support/context/skip-reasons.ts';

const nobody = { uid: 65_534, gid: 65_533 };

/** What a worker thread gets when it reads `file`. */
async function readInWorker(file: string): Promise<string> {
  const code = `
    const { readFileSync } = require('node:fs');
    const { parentPort, workerData } = require('node:worker_threads');
    try { readFileSync(workerData); parentPort.postMessage('read'); } catch (error) { parentPort.postMessage(error.code); }`;
  const worker = new Worker(code, { eval: true, workerData: file });
  const { promise, resolve } = Promise.withResolvers<string>();
  worker.once('message', resolve);
  const answer = await promise;
  await worker.terminate();
  return answer;
}

describe('actingAs', { skip: unlessRoot }, () => {
  it('changes the rights of all threads, also those that exist already, and gives them back', async () => {
    using dir = makeTempDir();
    await chmod(dir.path, 0o711);
    writeFileSync(dir.join('secret'), 'x', { mode: 0o600 });
    const readMany = (): Promise<readonly string[]> =>
      Promise.all(
        Array.from({ length: 32 }, () =>
          readFile(dir.join('secret')).then(
            () => 'read',
            (error: NodeJS.ErrnoException) => String(error.code),
          ),
        ),
      );
    const groups = process.getgroups?.();
    // The threads of the pool exist from here on.
    assert.deepEqual(new Set(await readMany()), new Set(['read']));
    await actingAs(nobody, async () => {
      assert.deepEqual([process.geteuid?.(), process.getegid?.()], [nobody.uid, nobody.gid]);
      assert.deepEqual(process.getgroups?.(), [nobody.gid]);
      assert.deepEqual(new Set(await readMany()), new Set(['EACCES']));
      assert.equal(await readInWorker(dir.join('secret')), 'EACCES');
    });
    assert.deepEqual([process.geteuid?.(), process.getegid?.()], [0, 0]);
    assert.deepEqual(process.getgroups?.(), groups);
    assert.deepEqual(new Set(await readMany()), new Set(['read']));
    assert.equal(await readInWorker(dir.join('secret')), 'read');
  });

  it('makes files that belong to the user', async () => {
    using dir = makeTempDir();
    await chmod(dir.path, 0o777);
    await actingAs(nobody, async () => {
      await mkdir(dir.join('made'));
      await writeFile(dir.join('made', 'file'), '');
    });
    const { uid, gid } = await stat(dir.join('made', 'file'));
    assert.deepEqual({ uid, gid }, nobody);
  });

  it('gives the rights back when the work fails', async () => {
    await assert.rejects(
      actingAs(nobody, () => Promise.reject(new Error('no luck'))),
      /no luck/,
    );
    assert.equal(process.geteuid?.(), 0);
  });

  it('changes nothing for root, or without a user', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('a'));
    for (const user of [undefined, { uid: 0, gid: 0 }]) {
      await actingAs(user, async () => {
        await Promise.resolve();
        assert.equal(process.geteuid?.(), 0);
      });
    }
  });
});
