import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import {
  finishReplacement,
  replaceDataDir,
  setMemberAside,
} from '../../../../src/operations/initialize/replace-data-dir.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
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
      await build(dir.join('data'), 'old');
      await rename(dir.join('data', 'member'), dir.join('data', 'member.old-1795251600'));
      await build(dir.join('data'), 'new');
      await mkdir(dir.join('data.part'));
    },
  },
];

for (const { after, remains, state } of INTERRUPTED) {
  test(`interrupted after ${after}: the ${remains} one takes its place`, async () => {
    using dir = makeTempDir();
    await state(dir);
    await finishReplacement(dir.join('data'), recordedContext());
    assert.equal(await db(dir), remains);
    assert.deepEqual(readdirSync(dir.path), ['data']);
    const [first, kept] = readdirSync(dir.join('data')).toSorted();
    assert.equal(first, 'member');
    if (remains === 'new') {
      assert.match(kept ?? '', /^member\.invalid-\d{8}T\d{6}Z$/);
      assert.equal(await readFile(dir.join('data', kept ?? '', 'db'), 'utf8'), 'old');
    } else {
      assert.equal(kept, undefined);
    }
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
  assert.deepEqual(await replaceDataDir(data, counted, context), { built: 1, keptAside: undefined });
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'one');

  await assert.rejects(replaceDataDir(data, failing, context), /no luck/);
  const halfway = async (staging: string): Promise<never> => {
    await build(staging, 'half');
    throw new Error('no luck');
  };
  await assert.rejects(replaceDataDir(data, halfway, context), /no luck/);
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'one');

  await writeFile(path.join(data, 'notes'), 'of somebody else');
  const { keptAside } = await replaceDataDir(data, (staging) => build(staging, 'two'), context);
  assert.equal(await readFile(path.join(keptAside ?? '', 'db'), 'utf8'), 'one');
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'two');
  assert.deepEqual(readdirSync(data).toSorted(), ['member', path.basename(keptAside ?? ''), 'notes']);
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

test('a member is moved aside, and everything else stays', async () => {
  using dir = makeTempDir();
  await build(dir.join('data'), 'old');
  await writeFile(dir.join('data', 'notes'), '');
  const aside = await setMemberAside(dir.join('data'), recordedContext());
  assert.equal(await readFile(path.join(aside ?? '', 'db'), 'utf8'), 'old');
  assert.deepEqual(readdirSync(dir.join('data')).toSorted(), [path.basename(aside ?? ''), 'notes']);
  assert.equal(await setMemberAside(dir.join('data'), recordedContext()), undefined);
});

test('of a series of replacements the first member and the last are kept, and nothing of another series', async () => {
  using dir = makeTempDir();
  const clock = jumpingClock();
  const context = { ...recordedContext(), clock };
  const kept = async (): Promise<readonly string[]> =>
    await Promise.all(
      readdirSync(dir.join('data'))
        .filter((name) => name.startsWith('member.invalid-'))
        .map((name) => readFile(dir.join('data', name, 'db'), 'utf8')),
    );
  for (const content of ['first', 'second', 'third', 'fourth']) {
    await build(dir.join('data'), content);
    await setMemberAside(dir.join('data'), context);
  }
  assert.deepEqual((await kept()).toSorted(), ['first', 'fourth']);
  clock.advance(8 * 24 * 60 * 60 * 1_000);
  await build(dir.join('data'), 'much later');
  await setMemberAside(dir.join('data'), context);
  assert.deepEqual(await kept(), ['much later']);
});
