import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
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

  it('is no device that never ends', async () => {
    await assert.rejects(readAtMost('/dev/zero', 100_000), /it is longer than 100000 bytes/);
    await assert.rejects(readConfigFile('/dev/zero'), /^cannot read configuration file \/dev\/zero: it is longer/);
  });
});
