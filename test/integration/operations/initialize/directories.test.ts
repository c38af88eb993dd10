import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import {
  type InitializeRequest,
  type InitializeResult,
  initialize,
} from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { tryLockFile } from '../../../../src/runtime/process/file-lock.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { lengthenLog } from '../../../support/datadir/lengthen-log.ts';
import { directoryContents } from '../../../support/fixtures/directory-contents.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { laidDirectory } from '../../../support/fixtures/laid-directory.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { put, step, txn } from '../../../support/replay/request-messages.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const BACKUP = goldenObjects('etcd-3.5/gzip');
const REVISION = 122;
const BASE_REVISION = 58;
const WAL = 'member/wal/0000000000000000-0000000000000000.wal';
const SNAP = 'member/snap/0000000000000001-0000000000000001.snap';
const DB = 'member/snap/db';
const EMPTY_STORE = memorySnapStore([]);
/** Restores the golden backup into `data`, as its files were written once. */
const layGolden = await laidDirectory();
/** The same of its full alone. */
const layFull = await laidDirectory({ store: memorySnapStore(BACKUP.filter(({ key }) => key.includes('Full-'))) });

test('an absent directory is restored, or left alone when there is nothing to restore from', async () => {
  using dir = makeTempDir();
  for (const store of [undefined, EMPTY_STORE]) {
    assert.deepEqual(await run(dir, { store }), { found: { state: 'absent' }, action: 'none', restored: undefined });
    assert.deepEqual(readdirSync(dir.path), []);
  }
  const result = await run(dir, {});
  assert.equal(result.found.state, 'absent');
  await assertRestored(dir, result);
});

test('a directory without anything in it counts as absent', async () => {
  using dir = makeTempDir();
  await mkdir(dir.join('data', 'lost+found'), { recursive: true });
  const result = await run(dir, {});
  assert.equal(result.found.state, 'absent');
  assert.equal(result.action, 'restored');
  assert.deepEqual(readdirSync(dir.join('data')).toSorted(), ['lost+found', 'member']);
});

for (const mode of ['sanity', 'full'] as const) {
  test(`a sound directory is kept as it is in mode ${mode}, with and without a store`, async () => {
    using dir = makeTempDir();
    layGolden(dir);
    const before = directoryContents(dir.path);
    for (const store of [undefined, EMPTY_STORE, memorySnapStore(BACKUP)]) {
      const result = await run(dir, { mode, store });
      assert.deepEqual(result, { found: { state: 'valid', revision: REVISION }, action: 'kept', restored: undefined });
    }
    assert.deepEqual(directoryContents(dir.path), before);
  });
}

test('a directory behind the store is replaced', async () => {
  using dir = makeTempDir();
  layFull(dir);
  const result = await run(dir, {});
  assert.deepEqual(result.found, { state: 'behind_store', revision: BASE_REVISION, storeRevision: REVISION });
  await assertRestored(dir, result);
});

test('a member of several is not compared with the store: it catches up with its leader', async () => {
  using dir = makeTempDir();
  const member = {
    ...restoreRequest(dir).member,
    initialCluster: parseInitialCluster('default=http://127.0.0.1:2380,other=http://127.0.0.1:2381'),
  };
  const store = memorySnapStore(BACKUP.filter(({ key }) => key.includes('Full-')));
  await restore(restoreRequest(dir, { store, member }), recordedContext());
  const result = await run(dir, { member });
  assert.deepEqual(result.found, { state: 'valid', revision: BASE_REVISION });
});

interface Harm {
  readonly what: string;
  readonly harm: (data: string) => Promise<void>;
  readonly state: string;
  readonly reason: RegExp;
  /** Not noticed in mode `sanity`. */
  readonly onlyInFull?: true;
}

const HARMS: readonly Harm[] = [
  {
    what: 'no member directory',
    harm: (data) => rename(path.join(data, 'member'), path.join(data, 'unknown')),
    state: 'invalid_structure',
    reason: /^member is missing/,
  },
  {
    what: 'no snap directory',
    harm: (data) => rm(path.join(data, 'member/snap'), { recursive: true }),
    state: 'invalid_structure',
    reason: /^member\/snap is missing/,
  },
  {
    what: 'no db',
    harm: (data) => rm(path.join(data, DB)),
    state: 'invalid_structure',
    reason: /^member\/snap\/db is missing/,
  },
  {
    what: 'a file where member should be',
    harm: async (data) => {
      await rm(path.join(data, 'member'), { recursive: true });
      await writeFile(path.join(data, 'member'), '');
    },
    state: 'invalid_structure',
    reason: /^member is missing or no directory/,
  },
  {
    what: 'an empty db',
    harm: (data) => truncate(path.join(data, DB), 0),
    state: 'db_corrupt',
    reason: /snap\/db is damaged at byte 0/,
  },
  {
    what: 'a db cut in half',
    harm: (data) => truncate(path.join(data, DB), 100_000),
    state: 'db_corrupt',
    reason: /snap\/db is damaged/,
  },
  {
    what: 'a zeroed page in the db',
    harm: (data) => overwrite(path.join(data, DB), 5 * 4096, Buffer.alloc(4096)),
    state: 'db_corrupt',
    reason: /snap\/db is damaged at byte/,
    onlyInFull: true,
  },
  {
    what: 'a flipped byte in the log',
    harm: (data) => overwrite(path.join(data, WAL), 0x90, Buffer.from('!')),
    state: 'wal_corrupt',
    reason: /\.wal is damaged at byte \d+: the checksum is/,
    onlyInFull: true,
  },
  {
    what: 'a log that ends before the db',
    harm: (data) => truncate(path.join(data, WAL), 0x60),
    state: 'wal_corrupt',
    reason: /it ends with entry 0, but the db has seen entry 1/,
    onlyInFull: true,
  },
];

for (const { what, harm, state, reason, onlyInFull } of HARMS) {
  test(`${what} is ${state}: restored from backups`, async () => {
    using dir = makeTempDir();
    layGolden(dir);
    await harm(dir.join('data'));
    if (onlyInFull) {
      assert.equal((await run(dir, { mode: 'sanity' })).action, 'kept');
    }
    const result = await run(dir, { mode: onlyInFull ? 'full' : 'sanity' });
    assert.equal(result.found.state, state);
    assert.ok('reason' in result.found);
    assert.match(result.found.reason, reason);
    await assertRestored(dir, result);
  });

  test(`${what}: moved aside when the store is empty, kept and refused when there is none`, async () => {
    using dir = makeTempDir();
    layGolden(dir);
    await harm(dir.join('data'));
    const before = directoryContents(dir.path);
    await assert.rejects(run(dir, { mode: 'full', store: undefined }), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, 'data_dir_invalid');
      assert.match(error.message, /configure the store that holds its backups/);
      return true;
    });
    assert.deepEqual(directoryContents(dir.path), before);
    const result = await run(dir, { mode: 'full', store: EMPTY_STORE });
    const present = what !== 'no member directory';
    assert.deepEqual([result.found.state, result.action], [state, present ? 'moved_aside' : 'none']);
    assert.equal(result.restored, undefined);
    assert.deepEqual(afterwards(before, present ? result.keptAside : undefined, dir), directoryContents(dir.path));
  });
}

test('a torn tail of the log is cut off in mode full, and the file as it was kept', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  const wal = dir.join('data', WAL);
  await truncate(wal, 285);
  const torn = await readFile(wal);
  const result = await run(dir, { mode: 'full' });
  assert.equal(result.action, 'kept');
  assert.deepEqual(await readFile(`${wal}.broken`), torn);
  const kept = await readFile(wal);
  assert.ok(kept.length > 0 && kept.length < 285);
  assert.deepEqual(kept, torn.subarray(0, kept.length));
  assert.equal((await run(dir, { mode: 'full' })).action, 'kept');
});

test('the file safe_guard ties a volume to a namespace', async () => {
  using dir = makeTempDir();
  await run(dir, { namespace: 'shoot--a--b' });
  const guard = dir.join('safe_guard');
  assert.equal(await readFile(guard, 'utf8'), 'shoot--a--b');
  assert.equal(statSync(guard).mode & 0o777, 0o600);
  assert.equal((await run(dir, { namespace: 'shoot--a--b' })).action, 'kept');

  await truncate(dir.join('data', DB), 0);
  const before = directoryContents(dir.path);
  await assert.rejects(run(dir, { namespace: 'shoot--a--c' }), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'wrong_volume');
    assert.match(error.message, /safe_guard was not made for the namespace "shoot--a--c"/);
    assert.ok(!error.message.includes('shoot--a--b'), 'what a file holds is not shown: it may be any file');
    return true;
  });
  assert.deepEqual(directoryContents(dir.path), before);
  assert.equal((await run(dir, { namespace: 'shoot--a--b' })).action, 'restored');
});

test('a db that another process has locked is left alone, whatever its state', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  await truncate(dir.join('data', DB), 0);
  const before = directoryContents(dir.path);
  const held = await tryLockFile(dir.join('data', DB));
  assert.ok(held.acquired);
  await assert.rejects(run(dir, {}), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'data_dir_locked');
    assert.match(error.message, new RegExp(`node \\(pid ${process.pid}\\) holds the lock on .*snap/db; stop the etcd`));
    return true;
  });
  assert.deepEqual(directoryContents(dir.path), before);
  await held.lock[Symbol.asyncDispose]();
  assert.equal((await run(dir, {})).action, 'restored');
});

test('when the restore fails, the invalid directory stays as it was', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  await truncate(dir.join('data', DB), 100_000);
  const before = directoryContents(dir.path);
  const damaged = BACKUP.map((object) =>
    object.key.includes('Incr-00000090') ? { ...object, bytes: object.bytes.subarray(0, 2000) } : object,
  );
  await assert.rejects(run(dir, { store: memorySnapStore(damaged) }), Failure);
  assert.deepEqual(directoryContents(dir.path), before);
  await assert.rejects(
    run(dir, { member: { ...restoreRequest(dir).member, name: 'unknown' } }),
    /cannot use --name: --initial-cluster names only default/,
  );
  assert.deepEqual(directoryContents(dir.path), before);
});

test('a data directory given by a link is replaced where it is', async () => {
  using dir = makeTempDir();
  await mkdir(dir.join('volume'));
  await symlink(dir.join('volume'), dir.join('data'));
  layGolden(dir);
  await rm(dir.join('data', DB));
  const result = await run(dir, {});
  assert.equal(result.action, 'restored');
  assert.deepEqual(readdirSync(dir.join('volume')).toSorted(), ['member', path.basename(result.keptAside ?? '')]);
  assert.deepEqual(readdirSync(dir.path).toSorted(), ['data', 'volume']);
});

test('the log tells what is looked at, in the order of the work', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  const context = recordedContext();
  await initialize(requestFor(dir, { mode: 'full' }), context);
  assert.deepEqual(
    context.lines.filter(({ level }) => level === 'info').map(({ text }) => text),
    [
      'Checking for data directory structure validity...',
      'Checking for revision consistency...',
      'Checking for data directory files corruption...',
      'Verifying snap directory...',
      'Verifying WAL directory...',
      'Verifying DB file...',
      'Data directory valid.',
    ],
  );
  assert.ok(context.lines.every(({ fields }) => fields['actor'] === 'initializer'));
});

/** What a directory holds once `member` has become `keptAside`. */
function afterwards(
  before: ReturnType<typeof directoryContents>,
  keptAside: string | undefined,
  dir: TempDir,
): ReturnType<typeof directoryContents> {
  const aside = keptAside === undefined ? 'data/member' : path.relative(dir.path, keptAside);
  return Object.fromEntries(
    Object.entries(before).map(([name, content]) => [name.replace(/^data\/member(?=\/|$)/, aside), content]),
  );
}

test('a snapshot file that etcd passes over is warned of, and the directory kept', async () => {
  for (const [what, harm] of [
    ['empty', (file: string) => writeFile(file, '')],
    ['cut', (file: string) => truncate(file, 40)],
    ['flipped', (file: string) => overwrite(file, 100, Buffer.from([0]))],
    ['directory', async (file: string) => mkdir(file)],
    ['dangling', (file: string) => symlink('/nowhere/at/all', file)],
  ] as const) {
    for (const name of [
      'member/snap/0000000000000009-0000000000000009.snap',
      'member/snap/0000000000000001-0000000000000000.snap',
      ...(what === 'directory' || what === 'dangling' ? [] : [SNAP]),
    ]) {
      using dir = makeTempDir();
      layGolden(dir);
      const file = dir.join('data', name);
      if (name !== SNAP && what !== 'directory' && what !== 'dangling') {
        await writeFile(file, await readFile(dir.join('data', SNAP)));
      }
      await harm(file);
      const before = directoryContents(dir.path);
      const context = recordedContext();
      const result = await initialize(requestFor(dir, { mode: 'full' }), context);
      assert.equal(result.action, 'kept', `${what} ${name}`);
      assert.deepEqual(directoryContents(dir.path), before);
      const warnings = context.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /\.snap cannot be read \(.*\); etcd starts without it/);
    }
  }
});

test('files with other names next to snapshots and log are no concern', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  for (const name of [
    'snap/db.tmp123',
    'snap/x.snap.broken',
    'snap/notes',
    'wal/0.tmp',
    'wal/x.wal.broken',
    'wal/y.wal',
  ]) {
    await writeFile(dir.join('data/member', name), 'no such file');
  }
  assert.equal((await run(dir, { mode: 'full' })).action, 'kept');
});

test('a sound db whose log is elsewhere is refused, a damaged one restored', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  await rename(dir.join('data/member/wal'), dir.join('wal'));
  for (const place of ['nothing', 'a link to nothing', 'an empty directory'] as const) {
    if (place === 'a link to nothing') {
      await symlink('/nowhere/at/all', dir.join('data/member/wal'));
    } else if (place === 'an empty directory') {
      // Where a volume for the log is not mounted.
      await rm(dir.join('data/member/wal'));
      await mkdir(dir.join('data/member/wal/lost+found'), { recursive: true });
    }
    const before = directoryContents(dir.path);
    for (const store of [undefined, EMPTY_STORE, memorySnapStore(BACKUP)]) {
      for (const mode of ['full', 'sanity'] as const) {
        await assert.rejects(run(dir, { store, mode }), (error) => {
          assert.ok(error instanceof Failure);
          assert.equal(error.code, 'wal_missing');
          assert.match(
            error.message,
            /member\/wal (?:is missing or no directory|holds no log), while its db is sound \(revision 122\); if etcd runs with --wal-dir, give the same here/,
          );
          return true;
        });
      }
    }
    assert.deepEqual(directoryContents(dir.path), before);
  }
  await truncate(dir.join('data', DB), 0);
  const result = await run(dir, {});
  assert.deepEqual([result.found.state, result.action], ['invalid_structure', 'restored']);
});

/** A store that cannot be asked. */
function silentStore(): SnapStore {
  const failure = new StoreError('transient', { action: 'list', object: 'memory', found: 'no answer' });
  return { ...memorySnapStore([]), list: () => Promise.reject(failure) };
}

test('a valid directory is kept while the store does not answer; any other is left as it is', async () => {
  for (const mode of ['full', 'sanity'] as const) {
    using dir = makeTempDir();
    await assert.rejects(run(dir, { mode, store: silentStore() }), { code: 'store_transient' });
    layGolden(dir);
    const before = directoryContents(dir.path);
    const kept = await run(dir, { mode, store: silentStore() });
    assert.deepEqual([kept.found, kept.action], [{ state: 'valid', revision: REVISION }, 'kept']);
    assert.equal(kept.notCompared, 'cannot list memory: no answer');
    assert.deepEqual(directoryContents(dir.path), before);
    await truncate(dir.join('data', DB), 1_000);
    const damaged = directoryContents(dir.path);
    await assert.rejects(run(dir, { mode, store: silentStore() }), { code: 'store_transient' });
    assert.deepEqual(directoryContents(dir.path), damaged);
  }
});

test('a valid directory is kept when the backup that reaches further cannot be restored', async () => {
  const forged = { key: 'v2/Full-00000000-9007199254740990-1795251900.gz', bytes: new Uint8Array(500) };
  const cut = BACKUP.map((object) =>
    object.key.includes('Incr-00000090') ? { ...object, bytes: object.bytes.subarray(0, 2000) } : object,
  );
  for (const [objects, lay] of [
    [[...BACKUP, forged], layGolden],
    [cut, layFull],
  ] as const) {
    using dir = makeTempDir();
    lay(dir);
    const before = directoryContents(dir.path);
    const result = await run(dir, { mode: 'full', store: memorySnapStore(objects) });
    assert.deepEqual([result.found.state, result.action], ['behind_store', 'kept']);
    assert.match(result.notCompared ?? '', /damaged|empty|hash|ends/);
    assert.deepEqual(directoryContents(dir.path), before);
    await overwrite(dir.join('data', DB), 5 * 4096, Buffer.alloc(4096));
    await assert.rejects(run(dir, { mode: 'full', store: memorySnapStore(objects) }), Failure);
  }
});

test('an invalid directory is touched only when the store proves that it is empty', async () => {
  for (const [reason, found] of [
    [{ kind: 'no container' }, /memory: it does not exist/],
    [{ kind: 'unproved', reason: 'versions are hidden' }, /no snapshot is listed, but versions are hidden/],
    [{ kind: 'directly here' }, /snapshots are directly there, not in a folder v2 below/],
    [
      { kind: 'remains', first: 'v2/Full-1-2-3.gz.bak', count: 2 },
      /2 objects are there with names like those of a backup, such as v2\/Full-1-2-3\.gz\.bak/,
    ],
    [
      { kind: 'other prefixes', prefixes: ['etcd-main'] },
      /its container holds some under "etcd-main"; correct --store-prefix/,
    ],
  ] as const) {
    using dir = makeTempDir();
    const store = { ...EMPTY_STORE, whyEmpty: () => Promise.resolve(reason) };
    if (reason.kind === 'directly here' || reason.kind === 'remains') {
      await assert.rejects(run(dir, { store }), found);
    } else {
      assert.equal((await run(dir, { store })).action, 'none');
    }
    await mkdir(dir.join('data', 'member', 'snap'), { recursive: true });
    await writeFile(dir.join('data', 'config'), 'x');
    const before = directoryContents(dir.path);
    await assert.rejects(run(dir, { store }), found);
    assert.deepEqual(directoryContents(dir.path), before);
  }
  using dir = makeTempDir();
  await mkdir(dir.join('data', 'member', 'snap'), { recursive: true });
  const parts = memorySnapStore([{ key: 'v2/Full-00000000-00000058-1795251532/0000000001', bytes: new Uint8Array(1) }]);
  await assert.rejects(run(dir, { store: parts }), /none that can be restored/);
});

test('an invalid member of several is left as it is when there is no backup', async () => {
  using dir = makeTempDir();
  const member = {
    ...restoreRequest(dir).member,
    initialCluster: parseInitialCluster('default=http://127.0.0.1:2380,other=http://127.0.0.1:2381'),
  };
  await mkdir(dir.join('data', 'member', 'snap'), { recursive: true });
  const before = directoryContents(dir.path);
  await assert.rejects(run(dir, { member, store: EMPTY_STORE }), { code: 'data_dir_invalid' });
  assert.deepEqual(directoryContents(dir.path), before);
});

test('a db that reaches further than the backup and was replaced for its log is pointed out', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  await overwrite(dir.join('data', WAL), 0x90, Buffer.from('!'));
  const store = memorySnapStore(goldenObjects('etcd-3.5/gzip').filter(({ key }) => key.includes('Full-')));
  const context = recordedContext();
  const result = await initialize(requestFor(dir, { mode: 'full', store }), context);
  assert.deepEqual([result.action, result.restored?.revision, result.keptReaches], ['restored', 58, REVISION]);
  const [line] = context.lines.filter(({ level }) => level === 'warn').slice(-1);
  assert.ok(
    line?.text.startsWith(
      `The db that was kept aside reaches revision ${REVISION}, the backup 58: \`etcdbrctl status `,
    ),
    line?.text,
  );
});

test('a log with a transaction nested too deep for any etcd is damaged', async () => {
  using dir = makeTempDir();
  layFull(dir);
  let nested = txn({ success: [step(2, put('k', 'v'))] });
  for (let depth = 0; depth < 1_500; depth++) {
    nested = txn({ success: [step(4, nested)] });
  }
  const data = new ProtobufWriter().bytes(6, nested).finish();
  await lengthenLog(dir.join('data/member'), { segmentSize: 1 << 20, count: 1, data: () => data });
  const result = await run(dir, {});
  assert.equal(result.found.state, 'wal_corrupt');
  assert.ok('reason' in result.found);
  assert.match(result.found.reason, /in entry 2 a transaction is nested more than 1000 levels deep/);
  await assertRestored(dir, result);
});

function requestFor(dir: TempDir, changes: Partial<InitializeRequest>): InitializeRequest {
  return { ...restoreRequest(dir), mode: 'sanity', namespace: undefined, ...changes };
}

function run(dir: TempDir, changes: Partial<InitializeRequest>): Promise<InitializeResult> {
  return initialize(requestFor(dir, changes), recordedContext());
}

/** The directory holds the newest state of the golden backup, and nothing else is left. */
async function assertRestored(dir: TempDir, result: InitializeResult): Promise<void> {
  assert.equal(result.action, 'restored');
  assert.equal(result.restored?.dataDir, dir.join('data'));
  assert.equal(result.restored.revision, REVISION);
  const { lastRevision } = await inspectDatabase(dir.join('data', DB), recordedContext());
  assert.equal(lastRevision, REVISION);
  assert.deepEqual(
    readdirSync(dir.path).filter((name) => name !== 'safe_guard'),
    ['data'],
  );
  const kept = result.keptAside === undefined ? [] : [path.basename(result.keptAside)];
  assert.deepEqual(
    readdirSync(dir.join('data'))
      .filter((name) => name !== 'unknown')
      .toSorted(),
    ['member', ...kept],
  );
}

async function overwrite(file: string, offset: number, bytes: Uint8Array): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, offset);
}

test('a refusal of the system names what was to be done, and the directory that it is about', async () => {
  using dir = makeTempDir();
  layGolden(dir);
  await writeFile(dir.join('file'), '');
  for (const walDir of [dir.join('file'), dir.join('file/below')]) {
    await assert.rejects(run(dir, { walDir }), {
      name: 'Failure',
      message: new RegExp(`^cannot use the --wal-dir ${walDir}: `),
    });
  }
  await assert.rejects(run(dir, { dataDir: dir.join('file/below') }), {
    message: /^cannot initialize .*file\/below: /,
  });
});
