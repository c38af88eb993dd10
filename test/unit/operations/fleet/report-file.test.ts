import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { ReportFile } from '../../../../src/operations/fleet/report-file.ts';

describe('the file of a report', () => {
  it('is replaced as a whole, also where a link leads to it', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('away'));
    writeFileSync(dir.join('away/fleet.prom'), 'old');
    symlinkSync(dir.join('away/fleet.prom'), dir.join('link.prom'));
    const file = await ReportFile.at(dir.join('link.prom'));
    await file.write('new');
    assert.equal(readFileSync(dir.join('away/fleet.prom'), 'utf8'), 'new');
    assert.ok(lstatSync(dir.join('link.prom')).isSymbolicLink());
    assert.deepEqual(readdirSync(dir.path, { recursive: true }).toSorted(), ['away', 'away/fleet.prom', 'link.prom']);
    assert.ok(file.equals(await ReportFile.at(dir.join('away/../away/fleet.prom'))));
    assert.equal(lstatSync(dir.join('away/fleet.prom')).mode & 0o777, 0o644);
  });

  it('is refused before the work where it could not be written', async () => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    symlinkSync('/dev/null', dir.join('device'));
    symlinkSync(dir.join('nowhere'), dir.join('lost'));
    writeFileSync(dir.join('file'), '');
    for (const [name, message] of [
      ['pipe', /cannot write .*pipe: it is a pipe, not a file; give a file/],
      ['device', /device: it is a device, not a file/],
      ['lost', /lost: it is a link that leads nowhere, not a file/],
      ['.', /it is a directory, not a file/],
      ['missing/x', /there is no such file or directory/],
      ['file/x', /a part of the path is no directory/],
    ] as const) {
      await assert.rejects(ReportFile.at(dir.join(name)), message, name);
    }
    assert.ok(lstatSync(dir.join('pipe')).isFIFO());
  });
});
