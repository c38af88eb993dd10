import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { env, execPath, getuid } from 'node:process';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { run } from '../../scripts/lab/run.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { noRights, unlessRoot } from '../support/context/skip-reasons.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';
import { programUnderTest } from './rig.ts';

/** The user that Debian's etcd.service runs as, here one without a name. */
const etcdUser = { uid: 65_534, gid: 65_534 } as const;

interface UnitCommand {
  /** A plus sign in front: systemd runs it as root, whatever `User=` says. */
  readonly asRoot: boolean;
  readonly args: readonly string[];
}

/** A command of a unit file, with its continuation lines; see systemd.service(5), "COMMAND LINES". */
function commandOf(file: string, setting: string): UnitCommand {
  const text = readFileSync(`${projectRoot}example/systemd/${file}`, 'utf8').replace(/\\\n/g, ' ');
  const line = new RegExp(`^${setting}=(.*)$`, 'm').exec(text)?.[1] ?? assert.fail(`${file} has no ${setting}`);
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  const [program = '', ...args] = words.map((word) => word.replace(/^"(.*)"$/, '$1'));
  assert.match(program, /^\+?\/usr\/local\/bin\/etcdbrctl$/);
  return { asRoot: program.startsWith('+'), args };
}

function unable(): string | false {
  if (getuid?.() !== 0) {
    return unlessRoot;
  }
  const readable = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'test', '-r', execPath]);
  return readable.status === 0 ? false : noRights('another user cannot read the programs here');
}

describe('the examples for systemd', { skip: unable() }, () => {
  it('work together: the drop-in restores from the backup of root, and etcd starts as its user', async () => {
    await using home = makeTempDir();
    chmodSync(home.path, 0o755);
    const store = home.join('backup');
    cpSync(goldenStorePath('etcd-3.5/gzip'), store, { recursive: true });
    for (const directory of ['', '/etcd-main', '/etcd-main/v2']) {
      chmodSync(`${store}${directory}`, 0o700);
    }
    const parent = home.join('etcd');
    const dataDir = `${parent}/default`;
    mkdirSync(parent, { mode: 0o700 });
    chownSync(parent, etcdUser.uid, etcdUser.gid);

    const { asRoot, args } = commandOf('etcd-initialize.conf', 'ExecStartPre');
    const places: Readonly<Record<string, string>> = { '/var/lib/etcd/default': dataDir, '/backup': store };
    const placed = args.map((word) => places[word] ?? word);
    assert.ok(placed.includes(dataDir) && placed.includes(store), 'the paths of the example have changed');
    const [command = '', ...rest] = [...programUnderTest, ...placed];
    const began = spawnSync(command, rest, {
      encoding: 'utf8',
      cwd: '/',
      env: { PATH: env['PATH'], HOME: home.path },
      ...(asRoot ? {} : etcdUser),
    });
    assert.equal(began.status, 0, began.stderr);
    assert.equal(statSync(`${dataDir}/member/snap/db`).uid, etcdUser.uid);

    const { etcd, etcdctl } = await etcdRelease('3.5');
    const [client, peer] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const flags = [
      '--name',
      'default',
      '--data-dir',
      dataDir,
      '--listen-client-urls',
      url,
      '--advertise-client-urls',
      url,
    ];
    const server = spawn(etcd, [...flags, '--listen-peer-urls', peerUrl], { cwd: '/', stdio: 'ignore', ...etcdUser });
    try {
      const answer = await eventually(
        async () => {
          assert.equal(server.exitCode, null, 'etcd ended');
          return await run(etcdctl, ['--endpoints', url, 'get', '--prefix', '', '--keys-only', '--limit', '1']).catch(
            () => undefined,
          );
        },
        { timeoutMs: 60_000 },
      );
      assert.notEqual(answer.stdout.trim(), '');
    } finally {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
  });

  it('name flags that exist', () => {
    const { args } = commandOf('etcd-backup.service', 'ExecStart');
    // An argument too many ends it before any work, after the flags have been understood.
    const [command = '', ...rest] = [...programUnderTest, ...args, 'too-many'];
    const { status, stderr } = spawnSync(command, rest, {
      encoding: 'utf8',
      env: { PATH: env['PATH'], HOME: '/nonexistent' },
    });
    assert.equal(status, 2);
    assert.doesNotMatch(stderr, /no such flag|unknown/i);
  });
});
