import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

/** What is done to a stopped etcd's `snap/`, given the names of its snapshots, oldest first. */
const HARMS: Readonly<Record<string, (snap: string, names: readonly string[]) => Promise<void>>> = {
  'the newest snapshot is empty': (snap, names) => writeFile(path.join(snap, names.at(-1) ?? ''), ''),
  'the newest snapshot is cut': (snap, names) => truncate(path.join(snap, names.at(-1) ?? ''), 60),
  'a byte of the newest snapshot is flipped': (snap, names) => flip(path.join(snap, names.at(-1) ?? '')),
  'the oldest snapshot is empty': (snap, names) => writeFile(path.join(snap, names[0] ?? ''), ''),
  'all but the oldest are empty': async (snap, names) => {
    await Promise.all(names.slice(1).map((name) => writeFile(path.join(snap, name), '')));
  },
  'a snapshot that the log does not name is newer': async (snap, names) => {
    await cp(path.join(snap, names[0] ?? ''), path.join(snap, '00000000000000ff-00000000000000ff.snap'));
  },
  'the newest snapshot is a directory': async (snap, names) => {
    await rename(path.join(snap, names.at(-1) ?? ''), path.join(snap, 'aside'));
    await mkdir(path.join(snap, names.at(-1) ?? ''));
  },
  'the newest snapshot is a link to nothing': async (snap, names) => {
    await rename(path.join(snap, names.at(-1) ?? ''), path.join(snap, 'aside'));
    await symlink('/nowhere/at/all', path.join(snap, names.at(-1) ?? ''));
  },
  'there is no snapshot left': async (snap, names) => {
    await Promise.all(names.map((name) => rename(path.join(snap, name), path.join(snap, `${name}.broken`))));
  },
  'all snapshots are empty': async (snap, names) => {
    await Promise.all(names.map((name) => writeFile(path.join(snap, name), '')));
  },
  'files with unknown names': async (snap) => {
    await writeFile(path.join(snap, 'db.tmp12345'), 'x');
    await writeFile(path.join(snap, 'zzz'), 'x');
    await writeFile(path.join(snap, 'zzz.snap'), 'x');
    await writeFile(path.join(snap, '../wal/1.tmp'), 'x');
    await writeFile(path.join(snap, '../wal/zzz'), 'x');
  },
};

for (const line of etcdLines) {
  describe(`snapshot files that etcd ${line} passes over`, () => {
    let dir: TempDir;
    let peerPort: number;
    before(async () => {
      dir = makeTempDir();
      peerPort = await freePort();
      await using etcd = await startEtcd({
        release: await etcdRelease(line),
        dataDir: dir.join('origin'),
        peerPort,
        extraArgs: ['--snapshot-count', '10'],
      });
      for (let count = 1; count <= 45; count++) {
        await etcd.etcdctl('put', `key-${count % 7}`, String(count));
      }
      await etcd.kill9();
    });
    after(() => dir[Symbol.dispose]());

    for (const [what, harm] of Object.entries(HARMS)) {
      it(`${what}: initialize keeps exactly what etcd starts on`, async () => {
        const data = dir.join('data');
        await cp(dir.join('origin'), data, { recursive: true });
        const snap = path.join(data, 'member/snap');
        const names = (await readdir(snap)).filter((name) => name.endsWith('.snap')).toSorted();
        assert.ok(names.length >= 3, names.join(', '));
        await harm(snap, names);
        const request = {
          ...restoreRequest(dir, { dataDir: data, store: memorySnapStore([]) }),
          mode: 'full',
          namespace: undefined,
        } as const;
        const judged = await initialize(request, recordedContext()).finally(() => undefined);
        if (judged.action === 'moved_aside') {
          await rename(judged.keptAside ?? '', path.join(data, 'member'));
        }
        const starts = await startsWithAllKeys(line, data, peerPort);
        assert.deepEqual(
          { judged: judged.action, starts },
          starts ? { judged: 'kept', starts } : { judged: 'moved_aside', starts },
          JSON.stringify(judged.found),
        );
        await rename(data, dir.join(`done-${Object.keys(HARMS).indexOf(what)}`));
      });
    }
  });
}

async function startsWithAllKeys(
  line: (typeof etcdLines)[number],
  dataDir: string,
  peerPort: number,
): Promise<boolean> {
  try {
    await using etcd = await startEtcd({ release: await etcdRelease(line), dataDir, peerPort });
    const values = await etcd.etcdctl('get', '--prefix', 'key-', '--print-value-only');
    return [39, 40, 41, 42, 43, 44, 45].every((value) => values.includes(String(value)));
  } catch {
    return false;
  }
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 0xff;
  await writeFile(file, bytes);
}
