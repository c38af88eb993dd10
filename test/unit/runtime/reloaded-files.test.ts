import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, rename, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { ReloadedFiles } from '../../../src/runtime/reloaded-files.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

/** A file of words, of which none may be `bad`. */
async function wordsIn(dir: TempDir, { clock = systemClock }: { readonly clock?: Clock } = {}) {
  const path = dir.join('words');
  await write(path, 'first', 1);
  const log = new RecordedLog();
  let reads = 0;
  const read = async (): Promise<string> => {
    reads += 1;
    const text = await readFile(path, 'utf8');
    if (text === '' || text === 'bad') {
      throw new Error(`it holds ${JSON.stringify(text)}`);
    }
    return text;
  };
  const words = await ReloadedFiles.open({ paths: [path], what: 'The words', read }, { clock, log });
  return { path, log, words, reads: () => reads };
}

/** Writes with a time of change of its own. */
async function write(path: string, text: string, seconds: number): Promise<void> {
  await writeFile(path, text);
  await utimes(path, seconds, seconds);
}

describe('a value of files', () => {
  test('is read once while they stay the same', async () => {
    using dir = makeTempDir();
    const { words, reads } = await wordsIn(dir);
    assert.deepEqual(
      [words.value, await words.current(), await words.current(), reads()],
      ['first', 'first', 'first', 1],
    );
  });

  test('is read again when they have changed, also by a link that leads elsewhere', async () => {
    using dir = makeTempDir();
    const { path, words, log } = await wordsIn(dir);
    await write(path, 'other', 1);
    assert.deepEqual([await words.current(), words.value], ['other', 'other']);
    await write(dir.join('..data'), 'third', 1);
    await symlink('..data', dir.join('link'));
    await rename(dir.join('link'), path);
    assert.equal(await words.current(), 'third');
    assert.equal(log.count(/^The words have changed and were read again/), 2);
  });

  test('stays what it was while they cannot be used, with one warning, and is read as soon as they can', async () => {
    using dir = makeTempDir();
    const { path, words, log } = await wordsIn(dir);
    await write(path, '', 2);
    assert.deepEqual([await words.current(), await words.current()], ['first', 'first']);
    assert.equal(log.count(/^The words stay those that were read before: it holds ""/), 1);
    await unlink(path);
    assert.equal(await words.current(), 'first');
    assert.equal(log.count(/^The words stay those that were read before: ENOENT/), 1);
    await write(path, 'good again', 3);
    assert.equal(await words.current(), 'good again');
  });

  test('is not waited for without end', async () => {
    using dir = makeTempDir();
    const log = new RecordedLog();
    const path = dir.join('words');
    await write(path, 'first', 1);
    const reads = [Promise.resolve('first'), new Promise<string>(() => undefined)];
    const noTime: Clock = { ...systemClock, sleep: async () => await new Promise(setImmediate) };
    const read = (): Promise<string> => reads.shift() ?? Promise.reject(new Error('read three times'));
    const words = await ReloadedFiles.open({ paths: [path], what: 'The words', read }, { clock: noTime, log });
    await write(path, 'second', 2);
    assert.deepEqual([await words.current(), await words.current()], ['first', 'first']);
    assert.equal(log.count(/^The words stay those that were read before: .*no answer came for 10 s/), 1);
  });

  test('of a pipe is read once', async () => {
    using dir = makeTempDir();
    const path = dir.join('pipe');
    await promisify(execFile)('mkfifo', [path]);
    let reads = 0;
    const read = async (): Promise<number> => ++reads;
    const words = await ReloadedFiles.open(
      { paths: [path], what: 'The words', read },
      { clock: systemClock, log: new RecordedLog() },
    );
    await utimes(path, 2, 2);
    assert.equal(await words.current(), 1);
  });
});
