import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { readConfigFile } from '../../../src/config/config-file.ts';
import { readAtMost } from '../../../src/runtime/read-at-most.ts';

describe('a file that is read whole', () => {
  it('may be as long as it may, and no longer', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), 'twelve bytes');
    assert.equal(String(await readAtMost(dir.join('file'), 12)), 'twelve bytes');
    await assert.rejects(readAtMost(dir.join('file'), 11), RangeError);
  });

  it('may be a pipe, and is empty where nobody writes into it', async () => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    assert.equal((await readAtMost(dir.join('pipe'), 12)).length, 0);
    // It is opened for reading and writing, so that opening waits for nobody.
    const writer = await open(dir.join('pipe'), constants.O_RDWR);
    const reading = readAtMost(dir.join('pipe'), 18);
    await writer.write('half, ');
    await writer.write('and the rest, and more than it may be');
    await assert.rejects(reading, RangeError);
    await writer.close();
  });

  it('is no device that never ends', async () => {
    await assert.rejects(readAtMost('/dev/zero', 100_000), /it is longer than 100000 bytes/);
    await assert.rejects(readConfigFile('/dev/zero'), /^cannot read configuration file \/dev\/zero: it is longer/);
  });
});
