import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import {
  finishReplacement,
  removeDataDir,
  replaceDataDir,
} from '../../../../src/operations/initialize/replace-data-dir.ts';
import { recordedContext } from '../../../support/context/run-context.ts';

/** Builds what a restore builds, as far as the replacement cares: a `member` directory with something in it. */
async function build(directory: string, content: string): Promise<void> {
  await mkdir(path.join(directory, 'member'), { recursive: true });
  await writeFile(path.join(directory, 'member', 'db'), content);
}

function db(dir: TempDir): Promise<string> {
  return readFile(dir.join('data', 'member', 'db'), 'utf8');
}

/** The states a crash can leave, in the order of the steps, and which member has to be there afterwards. */
const INTERRUPTED: readonly {
  readonly after: string;
  readonly remains: 'old' | 'new';
  readonly state: (dir: TempDir) => Promise<void>;
}[] = [
  {
    after: 'the staging directory was made',
    remains: 'old',
    state: async (dir) => {
      await build(dir.join('data'), 'old');
      await mkdir(dir.join('data.part', 'member.part'), { recursive: true });
    },
  },
  {
    after: 'the new member was built',
    remains: 'old',
    state: async (dir) => {
      await build(dir.join('data'), 'old');
      await build(dir.join('data.part'), 'new');
    },
  },
  {
    after: 'the old member was moved aside',
    remains: 'new',
    state: async (dir) => {
      await build(dir.join('data'), 'old');
      await rename(dir.join('data', 'member'), dir.join('data', 'member.old-1795251600'));
      await build(dir.join('data.part'), 'new');
    },
  },
  {
    after: 'the old member was moved aside, with the new one on the volume itself',
    remains: 'new',
    state: async (dir) => {
      await build(dir.join('data'), 'old');
      await rename(dir.join('data', 'member'), dir.join('data', 'member.old-1795251600'));
      await build(dir.join('data', 'restore.part'), 'new');
    },
  },
  {
    after: 'the old member was moved aside and the new one was lost',
    remains: 'old',
    state: async (dir) => {
      await build(dir.join('data'), 'old');
      await rename(dir.join('data', 'member'), dir.join('data', 'member.old-1795251600'));
    },
  },
  {
    after: 'the new member took its place',
    remains: 'new',
    state: async (dir) => {
      await build(dir.join('data'), 'new');
      await build(dir.join('data', 'member.old-1795251600'), 'old');
      await mkdir(dir.join('data.part'));
    },
  },
];

for (const { after, remains, state } of INTERRUPTED) {
  test(`interrupted after ${after}: the ${remains} one remains and nothing else`, async () => {
    using dir = makeTempDir();
    await state(dir);
    await finishReplacement(dir.join('data'), recordedContext());
    assert.equal(await db(dir), remains);
    assert.deepEqual(readdirSync(dir.path), ['data']);
    assert.deepEqual(readdirSync(dir.join('data')), ['member']);
    await finishReplacement(dir.join('data'), recordedContext());
    assert.equal(await db(dir), remains);
  });
}

test('a member that somebody began in the middle of a replacement does not cost the old one', async () => {
  using dir = makeTempDir();
  await build(dir.join('data'), 'begun');
  await build(dir.join('data', 'member.old-1795251600'), 'old');
  await build(dir.join('data.part'), 'new');
  const context = recordedContext();
  await finishReplacement(dir.join('data'), context);
  assert.equal(await db(dir), 'begun');
  assert.deepEqual(readdirSync(dir.join('data')).toSorted(), ['member', 'member.old-1795251600']);
  assert.match(context.lines[0]?.text ?? '', /member\.old-1795251600 is kept/);
});

test('a removal that was interrupted is finished', async () => {
  using dir = makeTempDir();
  await build(dir.join('data.removed-1795251600'), 'old');
  await finishReplacement(dir.join('data'), recordedContext());
  assert.deepEqual(readdirSync(dir.path), []);
});

test('a directory is replaced, made when it was absent, and untouched when the build fails', async () => {
  using dir = makeTempDir();
  const data = dir.join('deep', 'data');
  const context = recordedContext();
  const failing = (): Promise<never> => Promise.reject(new Error('no luck'));
  await assert.rejects(replaceDataDir(data, failing, context), /no luck/);
  assert.deepEqual(readdirSync(dir.path), []);

  const counted = async (staging: string): Promise<number> => {
    await build(staging, 'one');
    return 1;
  };
  assert.equal(await replaceDataDir(data, counted, context), 1);
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'one');

  await assert.rejects(replaceDataDir(data, failing, context), /no luck/);
  const halfway = async (staging: string): Promise<never> => {
    await build(staging, 'half');
    throw new Error('no luck');
  };
  await assert.rejects(replaceDataDir(data, halfway, context), /no luck/);
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'one');

  await writeFile(path.join(data, 'notes'), 'of somebody else');
  await replaceDataDir(data, (staging) => build(staging, 'two'), context);
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'two');
  assert.deepEqual(readdirSync(data).toSorted(), ['member', 'notes']);
  assert.deepEqual(readdirSync(dir.join('deep')), ['data']);
});

test('an aborted replacement leaves the old one', async () => {
  using dir = makeTempDir();
  await build(dir.join('data'), 'old');
  const abort = new AbortController();
  const context = recordedContext(abort.signal);
  const aborting = async (staging: string): Promise<void> => {
    await build(staging, 'new');
    abort.abort(new Error('enough'));
  };
  await assert.rejects(replaceDataDir(dir.join('data'), aborting, context), /enough/);
  assert.equal(await db(dir), 'old');
  assert.deepEqual(readdirSync(dir.path), ['data']);
});

test('a removed directory is gone with everything in it', async () => {
  using dir = makeTempDir();
  await build(dir.join('data'), 'old');
  await writeFile(dir.join('data', 'notes'), '');
  await removeDataDir(dir.join('data'), recordedContext());
  assert.deepEqual(readdirSync(dir.path), []);
});
