import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { checkIncluded, prepareCompanion } from '../../../../src/operations/companion/companion.ts';
import { packFiles } from '../../../../src/operations/companion/pack.ts';
import { revision } from '../../../../src/revision.ts';
import { compress } from '../../../../src/snapshot/compression.ts';
import type { Companion, CompanionStore } from '../../../../src/snapstore/backups/companion-store.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { collected } from '../../../support/fixtures/byte-streams.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

/** A store with a companion of these bytes for each revision. */
function storeWith(companions: ReadonlyMap<number, Uint8Array>): SnapStore {
  const all = [...companions.keys()].map(
    (last): Companion => ({
      name: `Companion-${last}`,
      key: `v2/Companion-${last}`,
      size: companions.get(last)?.length ?? 0,
      lastRevision: revision(last),
      createdOn: 1_795_251_000 + last,
    }),
  );
  const refuse = (): Promise<never> => Promise.reject(new Error('only read'));
  const store: CompanionStore = {
    list: () => Promise.resolve(all),
    fetch: ({ lastRevision }) =>
      Promise.resolve(Readable.from([companions.get(Number(lastRevision)) ?? Buffer.alloc(0)], { objectMode: false })),
    save: refuse,
    delete: refuse,
  };
  return { ...memorySnapStore([]), companions: store };
}

function fullOf(last: number): string {
  return `Full-00000000-${String(last).padStart(8, '0')}-${1_795_251_000 + last}.gz`;
}

async function archived(dir: TempDir, content: string): Promise<Uint8Array> {
  mkdirSync(dir.join('pki'), { recursive: true });
  writeFileSync(dir.join('pki', 'ca.key'), content);
  const packed = packFiles([dir.join('pki')], recordedContext());
  return await collected(compress(packed, 'gzip'));
}

describe('prepareCompanion', () => {
  it('puts nothing in place before it is asked to, and everything then', async () => {
    using dir = makeTempDir();
    const store = storeWith(new Map([[5, await archived(dir, 'five')]]));
    for (const exists of [false, true]) {
      const directory = dir.join(`back-${exists}`);
      if (exists) {
        mkdirSync(directory, { mode: 0o750 });
      }
      await using prepared = await prepareCompanion(
        { store, directory, owners: 'ours', fullName: fullOf(5) },
        recordedContext(),
      );
      assert.deepEqual(existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [], []);
      const broughtBack = await prepared.bringBack(fullOf(5));
      assert.deepEqual(broughtBack, { companion: 'Companion-5', directory, files: 1 });
      assert.equal(readFileSync(`${directory}${dir.join('pki', 'ca.key')}`, 'utf8'), 'five');
      assert.equal(statSync(directory).mode & 0o777, exists ? 0o750 : 0o700);
    }
    assert.deepEqual(readdirSync(dir.path).toSorted(), ['back-false', 'back-true', 'pki']);
    assert.equal(readdirSync(dir.join('back-true')).length, 1);
  });

  it('leaves nothing when it is not asked to', async () => {
    using dir = makeTempDir();
    const store = storeWith(new Map([[5, await archived(dir, 'five')]]));
    mkdirSync(dir.join('there'));
    for (const directory of [dir.join('a', 'b'), dir.join('there')]) {
      await using _prepared = await prepareCompanion(
        { store, directory, owners: 'ours', fullName: fullOf(5) },
        recordedContext(),
      );
    }
    assert.deepEqual(readdirSync(dir.path).toSorted(), ['pki', 'there']);
    assert.deepEqual(readdirSync(dir.join('there')), []);
  });

  it('takes those of the full that was restored in the end', async () => {
    using dir = makeTempDir();
    const store = storeWith(
      new Map([
        [5, await archived(dir, 'five')],
        [9, await archived(dir, 'nine')],
      ]),
    );
    const directory = dir.join('back');
    await using prepared = await prepareCompanion(
      { store, directory, owners: 'ours', fullName: fullOf(9) },
      recordedContext(),
    );
    await prepared.bringBack(fullOf(5));
    assert.equal(readFileSync(`${directory}${dir.join('pki', 'ca.key')}`, 'utf8'), 'five');
    assert.deepEqual(readdirSync(dir.path).toSorted(), ['back', 'pki']);
  });

  it('fails before anything is done: without companions, with a damaged one, with a target that holds something', async () => {
    using dir = makeTempDir();
    const whole = await archived(dir, 'five');
    writeFileSync(dir.join('file'), '');
    mkdirSync(dir.join('full', 'of'), { recursive: true });
    const cases = [
      [new Map(), 'back', { code: 'companion_missing' }],
      [
        new Map([[5, whole.subarray(0, 60)]]),
        'back',
        { code: 'companion_damaged', message: /restore without --companions/ },
      ],
      [new Map([[5, whole]]), 'full', { code: 'companion_target', message: /it already contains of/ }],
      [new Map([[5, whole]]), 'file', { code: 'not_a_directory' }],
      [new Map([[5, whole]]), 'file/below', { code: 'not_a_directory' }],
    ] as const;
    for (const [companions, name, error] of cases) {
      const request = {
        store: storeWith(companions),
        directory: dir.join(name),
        owners: 'ours',
        fullName: fullOf(5),
      } as const;
      await assert.rejects(prepareCompanion(request, recordedContext()), error, name);
    }
    assert.deepEqual(readdirSync(dir.path).toSorted(), ['file', 'full', 'pki']);
    assert.deepEqual(readdirSync(dir.join('full')), ['of']);
  });

  it('is not published over what came there meanwhile', async () => {
    using dir = makeTempDir();
    const store = storeWith(new Map([[5, await archived(dir, 'five')]]));
    for (const name of ['new', 'there']) {
      if (name === 'there') {
        mkdirSync(dir.join(name));
      }
      const request = { store, directory: dir.join(name), owners: 'ours', fullName: fullOf(5) } as const;
      await using prepared = await prepareCompanion(request, recordedContext());
      mkdirSync(dir.join(name, 'mine'), { recursive: true });
      await assert.rejects(prepared.bringBack(fullOf(5)), { code: 'companion_target' });
    }
    assert.deepEqual(readdirSync(dir.join('new')), ['mine']);
  });
});

describe('checkIncluded', () => {
  it('names what cannot be read, and takes everything else', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('there'), 'x');
    await checkIncluded([dir.path], recordedContext());
    await assert.rejects(checkIncluded([dir.join('there'), dir.join('missing')], recordedContext()), {
      code: 'companion_unreadable',
      message: `cannot include ${dir.join('missing')}: there is no such file or directory; check --include`,
    });
  });
});
