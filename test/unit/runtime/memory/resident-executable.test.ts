import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { execPath } from 'node:process';
import { describe, it } from 'node:test';
import { cleanRanges, releaseExecutablePages } from '../../../../src/runtime/memory/resident-executable.ts';
import { unlessLinux } from '../../../support/context/skip-reasons.ts';

function entry(header: string, { rss = 4_096, dirty = 0, anonymous = 0 } = {}): string {
  return [
    header,
    'Size:               4096 kB',
    `Rss:                ${rss} kB`,
    'Shared_Dirty:          0 kB',
    `Private_Dirty:         ${dirty} kB`,
    `Anonymous:             ${anonymous} kB`,
    '',
  ].join('\n');
}

describe('the pages of the executable', () => {
  it('are let go only where it is mapped for reading and was never written', () => {
    const file = '/usr/bin/etcdbrctl';
    const smaps = [
      entry(`00400000-00800000 r--p 00000000 fe:00 1                          ${file}`),
      entry(`00800000-01000000 r-xp 00400000 fe:00 1                          ${file}`),
      entry(`01000000-01200000 r--p 00c00000 fe:00 1                          ${file}`, { dirty: 8 }),
      entry(`01200000-01300000 r--p 00c00000 fe:00 1                          ${file}`, { anonymous: 8 }),
      entry(`01300000-01400000 rw-p 00d00000 fe:00 1                          ${file}`),
      entry(`01400000-01500000 r--s 00d00000 fe:00 1                          ${file}`),
      entry(`01500000-01600000 r--p 00d00000 fe:00 1                          ${file}`, { rss: 16 }),
      entry(`01600000-01700000 r--p 00d00000 fe:00 1                          ${file}.so`),
      entry('01700000-01800000 rw-p 00000000 00:00 0 '),
    ].join('');
    assert.deepEqual(cleanRanges(smaps, file), [
      { start: 0x40_0000, length: 0x40_0000 },
      { start: 0x80_0000, length: 0x80_0000 },
    ]);
  });

  it('of a running process are let go, and it goes on', { skip: unlessLinux }, async () => {
    const resident = (): number => {
      const smaps = readFileSync('/proc/self/smaps', 'utf8');
      const sizes = smaps.split(/^(?=[\da-f]+-)/m).filter((each) => each.includes(execPath));
      return sizes.reduce((sum, each) => sum + Number(/^Rss: +(\d+)/m.exec(each)?.[1]), 0);
    };
    const before = resident();
    await releaseExecutablePages();
    const after = resident();
    assert.ok(after < before * 0.8, `${before} kB before, ${after} kB after`);
  });
});
