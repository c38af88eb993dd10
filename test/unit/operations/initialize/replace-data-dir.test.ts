import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { RunLock } from '../../../../src/datadir/run-lock.ts';
import { PinnedDirectory } from '../../../../src/fs/pinned-directory.ts';
import { finishReplacement } from '../../../../src/operations/initialize/finish-replacement.ts';
import { replaceMember, setMemberAside } from '../../../../src/operations/initialize/replace-data-dir.ts';
import type { RunContext } from '../../../../src/runtime/run-context.ts';
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

/** What {@link build} puts into the `member` directory of a data directory. */
async function fill(memberDir: string, content: string): Promise<void> {
  await writeFile(path.join(memberDir, 'db'), content);
}

/** Name of the staging directory of a killed run. */
const STAGING = '.etcdbrctl-4194304-0123456789abcdef';

async function finish(dataDir: string, context: RunContext = recordedContext()): Promise<void> {
  await using directory = await PinnedDirectory.open(dataDir);
  await finishReplacement(directory, context);
}

async function moveAside(dataDir: string, context: RunContext = recordedContext()): Promise<string | undefined> {
  await using directory = await PinnedDirectory.open(dataDir);
  return await setMemberAside(directory, context);
}

async function replace<T>(
  dataDir: string,
  make: (memberDir: string) => Promise<T>,
  context: RunContext,
): Promise<{ readonly built: T; readonly keptAside: string | undefined }> {
  await using lock = await RunLock.take(dataDir, context, { action: 'initialize' });
  const { directory } = lock;
  assert.ok(directory !== undefined);
  return await replaceMember({ lock, directory, dbLocked: false, wal: undefined }, make, context);
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
      await mkdir(dir.join('data', STAGING, 'member.part'), { recursive: true });
    },
  },
  {
    after: 'the new member was built',
    remains: 'old',
    state: async (dir) => {
      await build(dir.join('data'), 'old');
      await build(dir.join('data', STAGING), 'new');
    },
  },
  {
    after: 'the old member was moved aside',
    remains: 'new',
    state: async (dir) => {
      await build(dir.join('data'), 'old');
      await rename(dir.join('data', 'member'), dir.join('data', 'member.old-1795251600'));
      await build(dir.join('data', STAGING), 'new');
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
      await mkdir(dir.join('data', STAGING));
    },
  },
];

for (const { after, remains, state } of INTERRUPTED) {
  test(`interrupted after ${after}: the ${remains} one takes its place`, async () => {
    using dir = makeTempDir();
    await state(dir);
    await finish(dir.join('data'));
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
    await finish(dir.join('data'));
    assert.equal(await db(dir), remains);
  });
}

test('a member that somebody began in the middle of a replacement does not cost the old one', async () => {
  using dir = makeTempDir();
  await build(dir.join('data'), 'begun');
  await build(dir.join('data', 'member.old-1795251600'), 'old');
  await build(dir.join('data', STAGING), 'new');
  const context = recordedContext();
  await finish(dir.join('data'), context);
  assert.equal(await db(dir), 'begun');
  assert.deepEqual(readdirSync(dir.join('data')).toSorted(), ['member', 'member.old-1795251600']);
  assert.match(context.lines[0]?.text ?? '', /member\.old-1795251600 is kept/);
});

test('a member is replaced, or made where there was none, and untouched when the build fails', async () => {
  using dir = makeTempDir();
  const data = dir.join('data');
  await mkdir(data);
  const context = recordedContext();
  const failing = (): Promise<never> => Promise.reject(new Error('no luck'));
  await assert.rejects(replace(data, failing, context), /no luck/);
  assert.deepEqual(readdirSync(data), []);

  const counted = async (memberDir: string): Promise<number> => {
    await fill(memberDir, 'one');
    return 1;
  };
  assert.deepEqual(await replace(data, counted, context), { built: 1, keptAside: undefined });
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'one');

  await assert.rejects(replace(data, failing, context), /no luck/);
  const halfway = async (memberDir: string): Promise<never> => {
    await fill(memberDir, 'half');
    throw new Error('no luck');
  };
  await assert.rejects(replace(data, halfway, context), /no luck/);
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'one');

  await writeFile(path.join(data, 'notes'), 'of somebody else');
  const { keptAside } = await replace(data, (memberDir) => fill(memberDir, 'two'), context);
  assert.equal(await readFile(path.join(keptAside ?? '', 'db'), 'utf8'), 'one');
  assert.equal(await readFile(path.join(data, 'member', 'db'), 'utf8'), 'two');
  assert.deepEqual(readdirSync(data).toSorted(), ['member', path.basename(keptAside ?? ''), 'notes']);
  assert.deepEqual(readdirSync(dir.path), ['data']);
});

test('an aborted replacement leaves the old one', async () => {
  using dir = makeTempDir();
  await build(dir.join('data'), 'old');
  const abort = new AbortController();
  const context = recordedContext(abort.signal);
  const aborting = async (memberDir: string): Promise<void> => {
    await fill(memberDir, 'new');
    abort.abort(new Error('enough'));
  };
  await assert.rejects(replace(dir.join('data'), aborting, context), /enough/);
  assert.equal(await db(dir), 'old');
  assert.deepEqual(readdirSync(dir.join('data')), ['member']);
});

test('a member that somebody begins or exchanges during the build is left alone', async () => {
  for (const before of [undefined, 'old'] as const) {
    using dir = makeTempDir();
    await mkdir(dir.join('data'));
    if (before !== undefined) {
      await build(dir.join('data'), before);
    }
    const meanwhile = async (memberDir: string): Promise<void> => {
      await fill(memberDir, 'new');
      if (before !== undefined) {
        await rename(dir.join('data', 'member'), dir.join('data', 'mine'));
      }
      await build(dir.join('data'), 'begun');
    };
    await assert.rejects(replace(dir.join('data'), meanwhile, recordedContext()), { code: 'data_dir_changed' });
    assert.equal(await db(dir), 'begun');
    assert.ok(readdirSync(dir.join('data')).every((name) => !name.startsWith('.')));
  }
});

test('a staging directory that is a link, or somebody works in, is left alone', async () => {
  using dir = makeTempDir();
  await mkdir(dir.join('data'));
  await build(dir.join('elsewhere'), 'precious');
  await rename(dir.join('elsewhere', 'member'), dir.join('elsewhere', 'kept'));
  await mkdir(dir.join('elsewhere', 'member'));
  await build(dir.join('data', 'member.old-1795251600'), 'old');
  await symlink(dir.join('elsewhere'), dir.join('data', STAGING));
  await finish(dir.join('data'));
  assert.deepEqual(readdirSync(dir.join('elsewhere')).toSorted(), ['kept', 'member']);
  assert.deepEqual(readdirSync(dir.join('data', 'member')), ['member']);
});

test('a member is moved aside, and everything else stays', async () => {
  using dir = makeTempDir();
  await build(dir.join('data'), 'old');
  await writeFile(dir.join('data', 'notes'), '');
  const aside = await moveAside(dir.join('data'));
  assert.equal(await readFile(path.join(aside ?? '', 'db'), 'utf8'), 'old');
  assert.deepEqual(readdirSync(dir.join('data')).toSorted(), [path.basename(aside ?? ''), 'notes']);
  assert.equal(await moveAside(dir.join('data')), undefined);
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
    await moveAside(dir.join('data'), context);
  }
  assert.deepEqual((await kept()).toSorted(), ['first', 'fourth']);
  clock.advance(8 * 24 * 60 * 60 * 1_000);
  await build(dir.join('data'), 'much later');
  await moveAside(dir.join('data'), context);
  assert.deepEqual(await kept(), ['much later']);
});
