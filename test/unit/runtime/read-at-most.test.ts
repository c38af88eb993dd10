import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { readConfigFile } from '../../../src/config/config-file.ts';
import { readAtMost } from '../../../src/runtime/read-at-most.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';

describe('a file that is read whole', () => {
  it('may be as long as it may, and no longer', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), 'twelve bytes');
    assert.equal(String(await readAtMost(dir.join('file'), 12)), 'twelve bytes');
    await assert.rejects(readAtMost(dir.join('file'), 11), RangeError);
  });

  it('may be a pipe that is opened for writing only when it is read, as of programs that hand out secrets', async () => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    const reading = readAtMost(dir.join('pipe'), 100);
    // It cannot be opened so before the reader has it open.
    const writer = await eventually(() =>
      open(dir.join('pipe'), constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined),
    );
    await writer.write('a key');
    await writer.close();
    assert.equal(String(await reading), 'a key');
  });

  it('is no pipe through which nothing comes: it is not taken for an empty file', async (t) => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    let now = 0;
    t.mock.method(systemClock, 'monotonic', () => now);
    t.mock.method(systemClock, 'sleep', async () => {
      now += 4_000;
    });
    const refused = /it is a pipe, and nothing came through it for 10 s/;
    await assert.rejects(readAtMost(dir.join('pipe'), 12), refused);
    await assert.rejects(readConfigFile(dir.join('pipe')), refused);
  });

  it('may be a pipe, but no longer than it may', async () => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    // It is opened for reading and writing, so that opening waits for nobody.
    const writer = await open(dir.join('pipe'), constants.O_RDWR);
    const reading = readAtMost(dir.join('pipe'), 18);
    await writer.write('half, ');
    await writer.write('and the rest, and more than it may be');
    await assert.rejects(reading, RangeError);
    await writer.close();
  });

  it('may be a pipe into which a person writes, who has to find a passphrase first', async (t) => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    await using writer = await open(dir.join('pipe'), constants.O_RDWR);
    let now = 0;
    t.mock.method(systemClock, 'monotonic', () => now);
    t.mock.method(systemClock, 'sleep', async () => {
      now += 45_000;
      if (now === 90_000) {
        await writer.write('found');
      }
    });
    // Nobody closes it: it ends with what is too long.
    await assert.rejects(readAtMost(dir.join('pipe'), 4), RangeError);
    await assert.rejects(readAtMost(dir.join('pipe'), 4), /nothing came through it for 120 s/);
  });

  it('is no device that never ends', async () => {
    await assert.rejects(readAtMost('/dev/zero', 100_000), /it is longer than 100000 bytes/);
    await assert.rejects(readConfigFile('/dev/zero'), /^cannot read configuration file \/dev\/zero: it is longer/);
  });

  it('is not taken for empty, nor for its first half, while it is being written', async (t) => {
    using dir = makeTempDir();
    const file = dir.join('secret');
    let written = false;
    t.mock.method(systemClock, 'now', () => statSync(file).mtimeMs + (written ? 60_000 : 1));
    t.mock.method(systemClock, 'sleep', async () => {
      written = true;
      writeFileSync(file, 'all of the secret');
    });
    for (const half of ['', 'half of']) {
      writeFileSync(file, half);
      written = false;
      assert.equal(String(await readAtMost(file, 100)), 'all of the secret');
      assert.ok(written);
    }
  });

  it('is read at once when it was written before, and may be empty', async (t) => {
    using dir = makeTempDir();
    const file = dir.join('file');
    let now = Date.now();
    const sleep = t.mock.method(systemClock, 'sleep', async () => {
      now += 500;
    });
    t.mock.method(systemClock, 'now', () => now);
    for (const text of ['', 'text']) {
      writeFileSync(file, text);
      utimesSync(file, now / 1_000 - 10, now / 1_000 - 10);
      assert.equal(String(await readAtMost(file, 100)), text);
    }
    assert.equal(sleep.mock.callCount(), 0);
    writeFileSync(file, '');
    utimesSync(file, now / 1_000, now / 1_000);
    assert.equal(String(await readAtMost(file, 100)), '');
    assert.equal(sleep.mock.callCount(), 2);
  });

  it('is refused when it changes all the time', async (t) => {
    using dir = makeTempDir();
    const file = dir.join('file');
    writeFileSync(file, 'a');
    let now = 0;
    t.mock.method(systemClock, 'monotonic', () => now);
    t.mock.method(systemClock, 'now', () => statSync(file).mtimeMs);
    t.mock.method(systemClock, 'sleep', async () => {
      now += 1_000;
      writeFileSync(file, 'b'.repeat(now / 1_000));
    });
    const refused = /it is being written, and changed again and again for 5 s/;
    await assert.rejects(readAtMost(file, 100), refused);
    await assert.rejects(readConfigFile(file), refused);
  });
});
