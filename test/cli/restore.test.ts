import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { describe, it } from 'node:test';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';
import { xmlRefusal } from '../support/servers/answer-script.ts';
import type { HttpFault } from '../support/servers/http-fault.ts';
import { type S3Server, startS3Server } from '../support/servers/s3-server.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig, type Rig } from './rig.ts';
import { fillWithGolden, s3Place } from './s3-place.ts';

/** A backup with a full and three deltas, last revision 122. */
const golden = goldenStorePath('etcd-3.5/gzip');

function storeFlags(rig: Rig): readonly string[] {
  return goldenStoreFlags(rig, 'etcd-3.5/gzip');
}

describe('restore', () => {
  it('prints what is on disk, and logs as JSON when nobody looks', async () => {
    await using rig = makeRig();
    const { stdout, stderr, exitCode } = await rig.run(['restore', ...storeFlags(rig), '-d', 'data']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Data directory: +\S*data$/m);
    assert.match(stdout, /^Revision: +122$/m);
    assert.match(stdout, /^Base snapshot: +Full-00000000-00000058-1795251532\.gz$/m);
    assert.match(stdout, /^Delta snapshots: +3$/m);
    assert.match(stdout, /^Member id: +8e9e05c52164694d$/m);
    assert.match(
      stdout,
      /^Another cluster: +the backup gives its cluster the id 5883f85e1c6215b; .* --initial-cluster-token\. .*--history or --snapshot$/m,
    );
    assert.doesNotMatch(stdout, /BUILT IN/);
    for (const line of stderr.trimEnd().split('\n')) {
      const record = JSON.parse(line) as Record<string, unknown>;
      assert.match(String(record['level']), /^(info|warn)$/);
      assert.match(String(record['time']), /^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
      assert.equal(typeof record['msg'], 'string');
    }
    assert.ok(existsSync(rig.home.join('data/member/snap/db')));
    assert.equal(statSync(rig.home.join('data')).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(rig.home.path).sort(), ['data', 'store']);
  });

  it('says at its end where it has built a directory that nobody named', async () => {
    await using rig = makeRig();
    const { stdout, exitCode } = await rig.run(['restore', ...storeFlags(rig)]);
    assert.equal(exitCode, 0);
    assert.equal(
      stdout.trimEnd().split('\n').at(-1)?.replace(/ +/g, ' '),
      `BUILT IN: ${rig.home.join('default.etcd')}, as no --data-dir was given: start etcd there, or move it`,
    );
  });

  it('names the commands that choose where nothing tells whether a clock was wrong or the cluster was put back', async () => {
    await using rig = makeRig();
    const flags = storeFlags(rig);
    const folder = rig.home.join('store/etcd-main/v2');
    const day = 86_400;
    for (const name of readdirSync(folder).filter((each) => each.startsWith('Incr'))) {
      const [, start = '', last = '', created = ''] = /^Incr-(\d+)-(\d+)-(\d+)\.gz$/.exec(name) ?? [];
      renameSync(`${folder}/${name}`, `${folder}/Incr-${start}-${last}-${Number(created) - 5 * day}.gz`);
    }
    // One that is kept of the days before, which no delta continues any more.
    writeFileSync(`${folder}/Full-00000000-00000030-${1_795_251_532 - 7 * day}.gz`, 'its deltas are gone');
    const { stderr, exitCode } = await rig.run(['restore', ...flags, '-d', 'data']);
    assert.equal(exitCode, 1, stderr);
    const commands = [...stderr.matchAll(/etcdbrctl restore (--snapshot \S+) \(revision (\d+)\)/g)];
    assert.deepEqual(
      commands.map(([, , revision]) => revision),
      ['58', '122'],
      stderr,
    );
    for (const [, choice = '', revision] of commands) {
      const chosen = await rig.run(['restore', ...flags, '-d', `data-${revision}`, ...choice.split(' ')]);
      assert.equal(chosen.exitCode, 0, chosen.stderr);
      assert.match(chosen.stdout, new RegExp(`^Revision: +${revision}$`, 'm'));
    }
  });

  it('prints JSON on request', async () => {
    await using rig = makeRig();
    const { stdout, exitCode } = await rig.run(['restore', ...storeFlags(rig), '-d', 'data', '-o', 'json']);
    assert.equal(exitCode, 0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(result['revision'], 122);
    assert.equal(result['memberId'], '8e9e05c52164694d');
    assert.equal(result['clusterId'], 'cdf818194e3a8c32');
    assert.equal(result['backupClusterId'], '5883f85e1c6215b');
    assert.equal(stdout.trimEnd().includes('\n'), false);
  });

  it('takes everything from the environment, too', async () => {
    await using rig = makeRig();
    storeFlags(rig);
    const env = {
      ETCDBRCTL_STORAGE_PROVIDER: 'Local',
      STORAGE_CONTAINER: rig.home.join('store'),
      ETCDBRCTL_STORE_PREFIX: 'etcd-main',
      ETCDBRCTL_DATA_DIR: 'data',
      ETCDBRCTL_OUTPUT: 'json',
    };
    const { stdout, exitCode } = await rig.run(['restore'], { env });
    assert.equal(exitCode, 0);
    assert.equal((JSON.parse(stdout) as Record<string, unknown>)['revision'], 122);
  });

  it('finds a relative container below the home directory, default.bkp when none is given', async () => {
    await using rig = makeRig();
    cpSync(golden, rig.home.join('default.bkp'), { recursive: true });
    const { exitCode } = await rig.run(['restore', '--store-prefix', 'etcd-main', '-d', 'data']);
    assert.equal(exitCode, 0);
  });

  it('takes no 0 for a revision: the newest state is what somebody goes back from', async () => {
    await using rig = makeRig();
    const args = ['restore', ...storeFlags(rig), '-d', 'data', '--log-format=text'];
    for (const given of [{ args: ['--to-revision=0'] }, { env: { ETCDBRCTL_TO_REVISION: '0' } }]) {
      const { stderr, exitCode } = await rig.run([...args, ...(given.args ?? [])], { env: given.env ?? {} });
      assert.match(
        stderr,
        /^error: cannot use .*TO.REVISION "0": it is no revision; is a variable empty\? Leave it out for the/im,
      );
      assert.equal(exitCode, 2);
    }
    assert.ok(!existsSync(rig.home.join('data')));
  });

  it('notes flags that have nothing to tune, at debug level', async () => {
    await using rig = makeRig();
    const args = ['restore', ...storeFlags(rig), '--max-txn-ops=1', '--log-format=text'];
    const quiet = await rig.run([...args, '-d', 'one']);
    assert.doesNotMatch(quiet.stderr, /max-txn-ops/);
    const loud = await rig.run([...args, '-d', 'two', '--log-level=debug']);
    assert.match(loud.stderr, /^DEBU\[\d{4}\] --max-txn-ops is accepted/m);
    assert.doesNotMatch(loud.stderr, /auto-compaction/);
  });

  it('shows a plan and changes nothing', async () => {
    await using rig = makeRig();
    const args = ['restore', ...storeFlags(rig), '--to-revision', '100', '--plan', '-d', 'data'];
    const { stdout, exitCode } = await rig.run(args);
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.split('\n').slice(1), [
      'Revision:  100',
      'State of:  before 2026-11-21T08:58:56Z',
      'To fetch:  3 objects, 322.3 KiB',
      '',
      '  SNAPSHOT                              TAKEN (UTC)               SIZE',
      '  Full-00000000-00000058-1795251532.gz  2026-11-21 08:58:52  308.8 KiB',
      '  Incr-00000059-00000089-1795251534.gz  2026-11-21 08:58:54    6.0 KiB',
      '  Incr-00000090-00000119-1795251536.gz  2026-11-21 08:58:56    7.5 KiB',
      '      used up to revision 100',
      '',
    ]);
    const json = await rig.run([...args, '-o', 'json']);
    const plan = JSON.parse(json.stdout) as { revision: number; deltas: unknown[]; restorable: boolean };
    assert.equal(plan.revision, 100);
    assert.equal(plan.deltas.length, 2);
    assert.equal(plan.restorable, true);
    assert.deepEqual(readdirSync(rig.home.path), ['store']);
  });

  it('shows what is missing in a plan, and fails as the restore would', async () => {
    await using rig = makeRig();
    const flags = storeFlags(rig);
    rmSync(rig.home.join('store/etcd-main/v2/Incr-00000090-00000119-1795251536.gz'));
    const { stdout, stderr, exitCode } = await rig.run(['restore', ...flags, '--plan']);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^ {2}revisions 90 to 119 are missing before Incr-00000120-00000122-1795251538\.gz$/m);
    assert.match(stderr, /error: cannot restore from .*: revisions 90 to 119 are missing .*give --to-revision 89/);
    const older = await rig.run(['restore', ...flags, '--to-revision', '89', '-d', 'data', '-o', 'json']);
    assert.equal((JSON.parse(older.stdout) as Record<string, unknown>)['revision'], 89);
  });

  it('goes back in time, and to a named snapshot', async () => {
    await using rig = makeRig();
    const flags = storeFlags(rig);
    const revisionOf = async (dataDir: string, ...args: readonly string[]): Promise<unknown> => {
      const { stdout, stderr } = await rig.run(['restore', ...flags, '-d', dataDir, '-o', 'json', ...args]);
      assert.notEqual(stdout, '', stderr);
      return (JSON.parse(stdout) as Record<string, unknown>)['revision'];
    };
    assert.equal(await revisionOf('full', '--snapshot', 'Full-00000000-00000058-1795251532.gz'), 58);
    assert.equal(await revisionOf('delta', '--snapshot', 'Incr-00000059-00000089-1795251534.gz'), 89);
    assert.equal(await revisionOf('late', '--to-time', '2026-11-21T12:00:00+01:00'), 122);
  });

  it('restores a file, and a bare db only without its hash', async () => {
    await using rig = makeRig();
    const file = rig.home.join('saved');
    copyFileSync(`${golden}etcd-main/v2/Full-00000000-00000058-1795251532.gz`, file);
    const { stdout } = await rig.run(['restore', '--file', file, '-d', 'data', '-o', 'json']);
    assert.equal((JSON.parse(stdout) as Record<string, unknown>)['revision'], 58);
    const planned = await rig.run(['restore', '--file', file, '-d', 'data', '--plan', '-o', 'json']);
    const plan = JSON.parse(planned.stdout) as { revision: unknown; base: Record<string, unknown> };
    assert.equal(plan.revision, null);
    assert.equal(plan.base['createdOn'], null);
    const shown = await rig.run(['restore', '--file', file, '-d', 'data', '--plan']);
    assert.match(shown.stdout, /^Revision: +that of the database, read when it is restored$/m);
    assert.match(shown.stdout, /^ {2}saved +- /m);
    const copied = rig.home.join('data/member/snap/db');
    const refused = await rig.run(['restore', '--file', copied, '-d', 'again']);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /no hash follows the database.*--skip-hash-check/);
    const taken = await rig.run(['restore', '--file', copied, '--skip-hash-check', '-d', 'again', '-o', 'json']);
    assert.equal((JSON.parse(taken.stdout) as Record<string, unknown>)['revision'], 58);
    const missing = await rig.run(['restore', '--file', rig.home.join('nowhere'), '-d', 'more']);
    assert.match(missing.stderr, /error: cannot read .*nowhere/);
  });

  it('raises the revision on request', async () => {
    await using rig = makeRig();
    const changes = ['--bump-revision', '1000', '--mark-compacted', '--unknown-lease-ttl', 'strip'];
    const { stdout, stderr } = await rig.run(['restore', ...storeFlags(rig), '-d', 'data', '-o', 'json', ...changes]);
    assert.equal((JSON.parse(stdout || stderr) as Record<string, unknown>)['revision'], 1_122);
    const status = await rig.run(['status', 'data', '-o', 'json']);
    assert.equal((JSON.parse(status.stdout) as Record<string, unknown>)['revisionWithLog'], 1_122);
  });

  it('refuses targets that contradict each other', async () => {
    await using rig = makeRig();
    for (const [args, message] of [
      [
        ['--to-revision', '5', '--to-time', '2026-11-21T12:00:00Z'],
        /cannot use --to-time: --to-revision is given as well/,
      ],
      [['--file', 'x', '--snapshot', 'y'], /cannot use --file: .*a file holds one state only; give the file alone/],
      [['--bump-revision', '5'], /cannot use --bump-revision: --mark-compacted is missing/],
      [['--mark-compacted'], /cannot use --mark-compacted: --bump-revision is missing; give both or none/],
      [['--unknown-lease-ttl', '0'], /cannot use --unknown-lease-ttl "0": it is no time of at least 1s/],
      [
        ['--to-time', '2026-02-30T12:00:00Z'],
        /cannot use --to-time "2026-02-30T12:00:00Z": it is no time; accepted: a time/,
      ],
      [
        ['--to-time', '2126-11-21T09:30:00Z'],
        /cannot use --to-time 2126-11-21T09:30:00Z: it is in the future; now it is \d{4}-/,
      ],
      [['--to-time', 'yesterday'], /cannot use --to-time: it is no time; accepted: a time/],
    ] as const) {
      const { stderr, exitCode } = await rig.run(['restore', ...args]);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    }
  });

  it('refuses a data directory that holds a member, in one line', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('data/member'), { recursive: true });
    writeFileSync(rig.home.join('data/member/precious'), '');
    const { stdout, stderr, exitCode } = await rig.run(['restore', ...storeFlags(rig), '-d', 'data']);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: cannot restore into .*data: [^\n]*member[^\n]*\n$/m);
    assert.deepEqual(readdirSync(rig.home.join('data/member')), ['precious']);
  });

  it('fails on an empty store, and says so as JSON when asked to log so', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('empty'));
    const args = ['restore', '--store-container', rig.home.join('empty'), '--log-format=json'];
    const { stderr, exitCode } = await rig.run(args);
    assert.equal(exitCode, 1);
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    assert.equal(last['level'], 'error');
    assert.equal(last['exitCode'], 1);
    assert.equal(typeof last['code'], 'string');
    assert.match(String(last['msg']), /empty/);
  });
});

describe('on a terminal', () => {
  it('log lines are text, progress is shown, and nothing is torn', async () => {
    await using rig = makeRig();
    const { stdout: screen, exitCode } = await rig.runOnTerminal(['restore', ...storeFlags(rig), '-d', 'data']);
    assert.equal(exitCode, 0, screen);
    const shown = screen.replaceAll('\u001b', '<esc>');
    assert.match(shown, /<esc>\[36mINFO<esc>\[0m\[0\d{3}\] /);
    assert.match(shown, /\r<esc>\[Krestore {2}\d+%/);
    // What the row of a log line showed before has been erased.
    for (const row of shown.split('\n')) {
      const visible = row.split('\r<esc>[K').at(-1) ?? '';
      assert.doesNotMatch(visible, /.+<esc>\[36mINFO/);
    }
    assert.match(shown, /Revision: +122/);
  });
});

describe('restore, of an object that was listed and is not there when it is read,', () => {
  const ways: Readonly<
    Record<string, { readonly fault: (server: S3Server, key: string) => HttpFault | undefined; readonly says: RegExp }>
  > = {
    'says that it was deleted meanwhile': {
      fault: (server, key) => {
        server.objects.delete(key);
        return undefined;
      },
      says: /it was listed and is not there any more: garbage collection, .* meanwhile; run it again, /,
    },
    'says that the store contradicts itself': {
      fault: () => ({ kind: 'answer', answer: xmlRefusal(404, 'NoSuchKey') }),
      says: /the store answered 404 NoSuchKey, and the store lists it all the same; run it again in some minutes, /,
    },
  };
  for (const [title, { fault, says }] of Object.entries(ways)) {
    for (const kind of ['Full', 'Incr']) {
      it(`${title}: ${kind}`, async () => {
        await using rig = makeRig();
        await using server = await startS3Server();
        fillWithGolden(server);
        server.fault(({ operation, key }) =>
          operation === 'GetObject' && key.includes(kind) ? fault(server, key) : undefined,
        );
        const { flags, env } = s3Place(rig, server.endpoint);
        const args = ['restore', '-d', 'data', '--store-prefix=etcd-main', '--log-format=text', ...flags];
        const { stderr, exitCode } = await rig.run(args, { env });
        assert.equal(exitCode, 1);
        assert.match(stderr, new RegExp(`^error: cannot read \\S+${kind}-\\S+: `, 'm'));
        assert.match(stderr, says);
        assert.ok(!existsSync(rig.home.join('data/member')));
      });
    }
  }
});
