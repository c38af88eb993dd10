import assert from 'node:assert/strict';
import { readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { ExportFile } from '../../../../src/operations/export/export-file.ts';
import { headerLine, keyLine, parseLine } from '../../../../src/operations/export/export-line.ts';
import { pathOfKey } from '../../../../src/operations/export/export-names.ts';
import type { ExportedKey, KeySource } from '../../../../src/operations/export/exported-key.ts';
import { writeExport } from '../../../../src/operations/export/write-export.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { recordedContext } from '../../../support/context/run-context.ts';

/** Keys that are hard to write: no text, names that no file can have, and that differ only in what a name cannot hold. */
const NAMES = [
  '/a',
  'a',
  '/a/b',
  '/a.value/c',
  '/a.value.d/c',
  '//',
  '/',
  '/../../etc/passwd',
  '/./x',
  '/export.jsonl',
  '/nul\0key',
  '/\xff\xfe',
  '/A%2fb',
  '/A/b',
  `/${'long'.repeat(200)}/${'é'.repeat(300)}`,
  '/new\nline',
];

const KEYS: readonly ExportedKey[] = NAMES.map((name, at) => ({
  key: Buffer.from(name, 'latin1'),
  value: Buffer.from(at % 3 === 0 ? [0, 255, at] : at % 3 === 1 ? [] : Buffer.from(`text\u2028 ${at}\n`)),
  createRevision: at + 1,
  modRevision: at + 2,
  version: at,
  lease: at === 4 ? -5n : BigInt(at % 2),
  leaseTtl: at % 2 === 0 ? undefined : 60,
}));

const source: KeySource = {
  async *keys() {
    yield* KEYS;
  },
};
const header = {
  revision: 9,
  source: 'a store',
  snapshots: ['Full-00000000-00000009-1795251532.gz'],
  clusterId: 0xa00000000000000bn,
  memberIds: [1n, 0xffffffffffffffffn],
};
const context = recordedContext();
const RULES = { hashes: 'required' } as const;

async function keysIn(place: string): Promise<readonly ExportedKey[]> {
  const keys: ExportedKey[] = [];
  for await (const { key, value, ...rest } of (await ExportFile.open(place, RULES, context)).keys()) {
    keys.push({ ...rest, key: Buffer.from(key), value: Buffer.from(value) });
  }
  return keys;
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof Failure ? error.code : String(error)),
  );
}

describe('an export', () => {
  it('loses nothing, in a file and in a directory of files', async () => {
    using home = makeTempDir();
    for (const kind of ['file', 'directory'] as const) {
      const path = home.join(kind);
      assert.equal(await writeExport({ source, header, target: { kind, path } }, context), KEYS.length);
      assert.deepEqual(await keysIn(path), KEYS);
      const { kind: _, ...read } = { kind: 'header', ...(await ExportFile.open(path, RULES, context)).header };
      assert.deepEqual(read, header);
      const lines = kind === 'file' ? path : `${path}/export.jsonl`;
      assert.equal(statSync(lines).mode & 0o777, 0o600);
      assert.equal(await codeOf(writeExport({ source, header, target: { kind, path } }, context)), 'export_exists');
    }
  });

  it('says of a directory where a file is wanted that it is one', async () => {
    using home = makeTempDir();
    await assert.rejects(writeExport({ source, header, target: { kind: 'file', path: home.path } }, context), {
      code: 'export_exists',
      message: `cannot export to ${home.path}: it is a directory, not a file; remove it or give another path; nothing is overwritten`,
    });
  });

  it('gives each key a file of its own inside of its directory', () => {
    const paths = KEYS.map(({ key }) => pathOfKey(key, '.value'));
    assert.equal(new Set(paths).size, KEYS.length);
    for (const path of paths) {
      const segments = path.split('/');
      assert.ok(
        segments.every((each) => each !== '' && each !== '.' && each !== '..' && each.length < 250),
        path,
      );
      assert.ok(!paths.some((other) => other.startsWith(`${path}/`)), path);
    }
    assert.equal(
      pathOfKey(Buffer.from('/registry/configmaps/shop/settings'), '.value'),
      'registry/configmaps/shop/settings.value',
    );
  });

  it('that is cut anywhere, or has a byte changed, is not read', async () => {
    using home = makeTempDir();
    const path = home.join('export');
    await writeExport({ source, header, target: { kind: 'file', path } }, context);
    const sound = readFileSync(path);
    for (let at = 0; at < sound.length; at += 797) {
      writeFileSync(path, sound.subarray(0, at));
      assert.equal(await codeOf(ExportFile.open(path, RULES, context)), 'export_damaged', `cut at ${at}`);
      const flipped = Buffer.from(sound);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      writeFileSync(path, flipped);
      assert.equal(await codeOf(ExportFile.open(path, RULES, context)), 'export_damaged', `changed at ${at}`);
    }
  });

  it('does not lead out of its directory, and is read with its changes only where that is asked for', async () => {
    using home = makeTempDir();
    const path = home.join('export');
    await writeExport({ source, header, target: { kind: 'directory', path } }, context);
    truncateSync(`${path}/a.value`, 1);
    assert.equal(await codeOf(ExportFile.open(path, RULES, context)), 'export_damaged');
    assert.equal(await codeOf(ExportFile.open(path, { hashes: 'ignored' }, context)), 'nothing');
    const lines = `${path}/export.jsonl`;
    writeFileSync(lines, readFileSync(lines, 'utf8').replace('"a.value"', '"../outside"'));
    writeFileSync(home.join('outside'), 'x');
    assert.equal(await codeOf(ExportFile.open(path, { hashes: 'ignored' }, context)), 'export_damaged');
    symlinkSync('/dev/zero', home.join('device'));
    assert.equal(await codeOf(ExportFile.open(home.join('device'), RULES, context)), 'not_a_file');
    assert.equal(await codeOf(ExportFile.open(home.join('none'), RULES, context)), 'file_error');
  });

  it('that was edited and has a key twice is refused before anything is written', async () => {
    using home = makeTempDir();
    const path = home.join('export');
    await writeExport({ source, header, target: { kind: 'file', path } }, context);
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [...lines.slice(0, -2), lines[1], ...lines.slice(-2)].join('\n'));
    await assert.rejects(ExportFile.open(path, { hashes: 'ignored' }, context), {
      code: 'export_damaged',
      message: /has the key ".*" once more; leave one line for each key/,
    });
  });

  it('with a line that never ends is refused', async () => {
    using home = makeTempDir();
    const path = home.join('export');
    writeFileSync(path, `${headerLine(header)}\n`);
    truncateSync(path, 600_000);
    const rules = { ...RULES, longestLine: 500_000 };
    await assert.rejects(ExportFile.open(path, rules, context), /a line of it is longer than 500000 bytes/);
  });

  it('has no line that means two things', () => {
    const [key] = KEYS;
    assert.ok(key !== undefined);
    const line = keyLine(key);
    assert.equal(parseLine(line)?.kind, 'key');
    for (const wrong of [
      line.replace('"key":', '"keyBase64":"YQ==","key":'),
      line.replace('"valueBase64"', '"other"'),
      line.replace('"key":"/a"', '"key":""'),
      line.replace('"lease":null', '"lease":"xyz"'),
      line.replace('"revision":2', '"revision":-1'),
      `${line},`,
      'null',
      '[]',
    ]) {
      assert.equal(parseLine(wrong), undefined, wrong);
    }
  });
});
