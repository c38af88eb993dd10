import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, it, mock } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { writeManifests } from '../../../../src/cli/write-manifests.ts';
import { scratchName } from '../../../../src/fs/scratch-name.ts';
import type { ExportedKey, KeySource } from '../../../../src/operations/export/exported-key.ts';
import { StagedOutput } from '../../../../src/operations/export/staged-output.ts';
import { writeExport } from '../../../../src/operations/export/write-export.ts';
import { recordedContext } from '../../../support/context/run-context.ts';

const header = { revision: 9, source: 'a store', snapshots: [], clusterId: 1n, memberIds: [1n] };

function keyAt(at: number): ExportedKey {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${at}`, namespace: 'shop', uid: `${at}` } };
  return {
    key: Buffer.from(`/registry/configmaps/shop/c${at}`),
    value: Buffer.from(JSON.stringify(object)),
    createRevision: at + 1,
    modRevision: at + 1,
    version: 1,
    lease: 0n,
    leaseTtl: undefined,
  };
}

/** The ways to write an export, each of which takes some keys. */
const ways = {
  file: (path: string, source: KeySource, signal: AbortSignal) =>
    writeExport({ source, header, target: { kind: 'file', path } }, { signal }),
  directory: (path: string, source: KeySource, signal: AbortSignal) =>
    writeExport({ source, header, target: { kind: 'directory', path } }, { signal }),
  'file of manifests': (path: string, source: KeySource, signal: AbortSignal) =>
    writeManifests(
      { source, target: { kind: 'file', path }, style: 'raw', location: 'a store' },
      recordedContext(signal),
    ),
  'directory of manifests': (path: string, source: KeySource, signal: AbortSignal) =>
    writeManifests(
      { source, target: { kind: 'directory', path }, style: 'raw', location: 'a store' },
      recordedContext(signal),
    ),
} as const;

/** Asks for the stop when some keys were given; manifests are put in order by a first look at all of them. */
function stopsAfter(count: number, stop: AbortController, name: string): KeySource {
  let looks = name.endsWith('manifests') ? 1 : 0;
  return {
    async *keys() {
      if (looks-- > 0) {
        yield* Array.from({ length: count + 1 }, (_, at) => keyAt(at));
        return;
      }
      for (let at = 0; at < count; at++) {
        yield keyAt(at);
      }
      stop.abort(new Error('stopped'));
      yield keyAt(count);
    },
  };
}

const whole: KeySource = {
  async *keys() {
    yield keyAt(0);
    yield keyAt(1);
  },
};

function contents(home: TempDir): readonly string[] {
  return readdirSync(home.path, { recursive: true, encoding: 'utf8' }).toSorted();
}

describe('an export that is interrupted', () => {
  for (const [name, write] of Object.entries(ways)) {
    it(`leaves nothing, so that it can be run again: a ${name}`, async () => {
      using home = makeTempDir();
      const path = home.join('new/place/export');
      for (const count of [0, 1, 5]) {
        const stop = new AbortController();
        await assert.rejects(write(path, stopsAfter(count, stop, name), stop.signal), /stopped/);
        assert.deepEqual(contents(home), []);
      }
      await write(path, whole, new AbortController().signal);
      assert.ok(existsSync(path));
      assert.deepEqual(
        contents(home).filter((each) => each.includes('.tmp')),
        [],
      );
    });
  }

  for (const name of ['directory', 'directory of manifests'] as const) {
    it(`leaves an empty directory that was there as it was: a ${name}`, async () => {
      using home = makeTempDir();
      const path = home.join('export');
      mkdirSync(path);
      chmodSync(path, 0o755);
      const { ino } = statSync(path);
      const stop = new AbortController();
      await assert.rejects(ways[name](path, stopsAfter(3, stop, name), stop.signal), /stopped/);
      assert.deepEqual(contents(home), ['export']);
      await ways[name](path, whole, new AbortController().signal);
      const after = statSync(path);
      assert.deepEqual([after.ino, after.mode & 0o777], [ino, 0o755]);
      assert.ok(contents(home).some((each) => each.endsWith(name === 'directory' ? '/c1.value' : '/c1.yaml')));
      assert.ok(!contents(home).some((each) => each.includes('.tmp')));
    });
  }

  it('replaces nothing that has come into an empty directory meanwhile', async () => {
    for (const name of ['directory', 'directory of manifests'] as const) {
      using home = makeTempDir();
      const path = home.join('export');
      mkdirSync(path);
      const busy: KeySource = {
        async *keys() {
          writeFileSync(`${path}/export.jsonl`, 'of somebody else');
          yield* whole.keys();
        },
      };
      await assert.rejects(ways[name](path, busy, new AbortController().signal), /a directory that is not empty/);
      assert.deepEqual(contents(home), ['export', 'export/export.jsonl']);
      assert.equal(readFileSync(`${path}/export.jsonl`, 'utf8'), 'of somebody else');
    }
  });

  it('is touched while it is written, so that another container does not take it for a dead one', async () => {
    using home = makeTempDir();
    const path = home.join('export');
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      await using output = await StagedOutput.create(path);
      const [staged = ''] = readdirSync(home.path);
      utimesSync(home.join(staged), 1, 1);
      mock.timers.tick(60_000);
      while (statSync(home.join(staged)).mtimeMs === 1_000) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await output.finish();
    } finally {
      mock.timers.reset();
    }
  });

  it('is not held up by what a killed run has left', async () => {
    using home = makeTempDir();
    const path = home.join('export');
    const dead = spawnSync('true').pid;
    const left = scratchName('export').replace(`-${process.pid}-`, `-${dead}-`);
    mkdirSync(`${path}/${left}/export`, { recursive: true });
    await ways.directory(path, whole, new AbortController().signal);
    assert.deepEqual(readdirSync(path).toSorted(), ['export.jsonl', 'registry']);
  });

  it('does not replace a link, even one that leads nowhere', async () => {
    using home = makeTempDir();
    const path = home.join('export');
    symlinkSync(home.join('nowhere'), path);
    await assert.rejects(ways.file(path, whole, new AbortController().signal), /it exists/);
    assert.deepEqual(contents(home), ['export']);
    writeFileSync(home.join('nowhere'), 'a text');
    await assert.rejects(ways.directory(path, whole, new AbortController().signal), /it exists/);
    assert.equal(readFileSync(path, 'utf8'), 'a text');
  });
});
