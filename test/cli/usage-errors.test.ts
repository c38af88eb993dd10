import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { makeRig, type RunOptions } from './rig.ts';

interface Case {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly says: string;
}

const cron =
  'accepted: five cron fields (minute, hour, day, month, weekday) such as "0 */1 * * *", @daily or @every 1h30m, ' +
  'after TZ=ZONE if need be';

const cases: readonly Case[] = [
  {
    args: ['snapshto'],
    says: 'cannot run "snapshto": there is no such command; did you mean snapshot? see etcdbrctl --help',
  },
  {
    args: ['--log-level', '5', 'snapshot'],
    says: 'cannot use --log-level: it comes before a command; give the command first: etcdbrctl COMMAND FLAGS',
  },
  {
    args: ['snapshot', '--strage-provider=Local'],
    says:
      'cannot use --strage-provider: snapshot has no such flag; did you mean --storage-provider? ' +
      'see etcdbrctl snapshot --help',
  },
  {
    args: ['restore', '--schedule', '* * * * *'],
    says: 'cannot use --schedule: restore has no such flag; see etcdbrctl restore --help',
  },
  {
    args: ['restore', '-x'],
    says: 'cannot use -x: restore has no such flag; see etcdbrctl restore --help',
  },
  {
    args: ['restore', 'backup'],
    says:
      'cannot use argument 2 of the command line: restore takes only flags; did you mean --file FILE? Otherwise: ' +
      'a value with blanks needs quotes; see etcdbrctl restore --help',
  },
  {
    args: ['snapshot', '--schedule'],
    says: `cannot use --schedule: its value is missing, the command line ends there; ${cron}`,
  },
  {
    args: ['snapshot', '--schedule', '--once'],
    says: `cannot use --schedule: its value is missing, the flag --once follows instead; ${cron}`,
  },
  {
    args: ['snapshot', '-s', '0 0 30 2 *'],
    says: `cannot use --schedule "0 0 30 2 *": it never fires; ${cron}`,
  },
  {
    args: ['snapshot', '--delta-snapshot-period=20'],
    says:
      'cannot use --delta-snapshot-period "20": its unit is missing; ' +
      'accepted: a duration such as 500ms, 20s, 1m30s or 72h',
  },
  {
    args: ['snapshot', '--store-endpoint-override', 'minio:9000'],
    says:
      'cannot use --store-endpoint-override: http:// or https:// is missing; ' +
      'accepted: a URL that begins with http:// or https://',
  },
  {
    args: ['snapshot', '--once=maybe'],
    says: 'cannot use --once: it is neither true nor false; accepted: true or false',
  },
  {
    args: ['initialize', '--validation-mode', 'quick'],
    says: 'cannot use --validation-mode: it is none of those; accepted: full or sanity',
  },
  {
    args: ['restore'],
    env: { ETCDBRCTL_MAX_FETCHERS: '0' },
    says:
      'cannot use environment variable ETCDBRCTL_MAX_FETCHERS "0": it is less than 1; ' +
      'accepted: a whole number of at least 1',
  },
  ...['get', 'ls', 'history', 'export'].map((command) => ({
    args: [command, '--revision', '0', ...(command === 'ls' ? [] : ['k'])],
    says: 'cannot use --revision "0": it is no revision; is a variable empty? Leave it out for the newest state',
  })),
  {
    args: ['get', 'k'],
    env: { ETCDBRCTL_REVISION: '00' },
    says:
      'cannot use environment variable ETCDBRCTL_REVISION "00": it is no revision; is a variable empty? ' +
      'Leave it out for the newest state',
  },
  {
    args: ['restore', '--to-revision=0'],
    says: 'cannot use --to-revision "0": it is no revision; is a variable empty? Leave it out for the newest state',
  },
  {
    args: ['undelete', '--before-revision', '0', 'k'],
    says:
      'cannot use --before-revision "0": it is no revision; is a variable empty? ' +
      'Give the revision of the deletion, which etcdbrctl history shows, or --before',
  },
  {
    args: ['apply', '--unchanged-since', '0', 'x'],
    says:
      'cannot use --unchanged-since "0": it is no revision; is a variable empty? ' +
      'Leave it out to replace no key that has another value',
  },
  {
    args: ['diff', '0', 'newest'],
    says: 'cannot use "0" as a state to compare: it is no revision; is a variable empty? Write newest for the newest state',
  },
  {
    args: ['get', '--revision', '-1', 'k'],
    says: 'cannot use --revision "-1": it is less than 1; accepted: a whole number of at least 1',
  },
  {
    args: ['completion', 'tcsh'],
    says: 'cannot run completion: there is no script for that shell; accepted: bash, zsh or fish',
  },
  {
    args: ['completion', 'bash', 'more'],
    says: 'cannot use an argument: completion does not take it, it takes one shell; see etcdbrctl completion --help',
  },
  {
    args: ['version', 'more'],
    says: 'cannot use an argument: version does not take it, it takes only --output; see etcdbrctl version --help',
  },
  {
    args: ['version', '-o', 'yaml'],
    says: 'cannot use --output: it is none of those; accepted: text or json',
  },
  {
    args: ['snapshots'],
    says: 'cannot run "snapshots": there is no such command; did you mean list? see etcdbrctl --help',
  },
  {
    args: ['helpp'],
    says: 'cannot run "helpp": there is no such command; did you mean help? see etcdbrctl --help',
  },
  {
    args: ['root:hunter2@host'],
    says: 'cannot run the command line: there is no such command; see etcdbrctl --help',
  },
  {
    args: ['-phunter2', 'snapshot'],
    says: 'cannot use -p…: it comes before a command; give the command first: etcdbrctl COMMAND FLAGS',
  },
  {
    args: ['-help'],
    says: 'cannot use -help: there is no such flag; did you mean --help?',
  },
  {
    args: ['ls', '--prefix', '/registry/'],
    says: 'cannot use --prefix: ls has no such flag; give it without one, after the flags: etcdbrctl ls PREFIX',
  },
  {
    args: ['copy', '--max-backups', '3'],
    says: 'cannot use --max-backups: copy has no such flag; did you mean --max-backups-to-copy? see etcdbrctl copy --help',
  },
  {
    args: ['snapshot', '-help'],
    says: 'cannot use -help: snapshot has no such flag; did you mean --help? see etcdbrctl snapshot --help',
  },
  {
    args: ['snapshot', '-phunter2'],
    says: 'cannot use -p…: snapshot has no such flag; see etcdbrctl snapshot --help',
  },
  {
    args: ['snapshot', '--etcd-pasword=hunter2'],
    says: 'cannot use --etcd-pasword: snapshot has no such flag; did you mean --etcd-password? see etcdbrctl snapshot --help',
  },
  {
    args: ['snapshot', 'save', '/backup.db'],
    says:
      'cannot use argument 2 of the command line: snapshot takes only flags; did you mean etcdbrctl snapshot --once? Otherwise: ' +
      'a value with blanks needs quotes; see etcdbrctl snapshot --help',
  },
  {
    args: ['snapshot', '--user', 'root:hunter2'],
    says: 'cannot use --user: snapshot has no such flag; did you mean --etcd-username and --etcd-password? see etcdbrctl snapshot --help',
  },
  {
    args: ['restore', '--container', 'x'],
    says: 'cannot use --container: restore has no such flag; did you mean --store-container? see etcdbrctl restore --help',
  },
  {
    args: ['list', '-w', 'table'],
    says: 'cannot use -w: list has no such flag; did you mean --output? see etcdbrctl list --help',
  },
  {
    args: ['list', '-o'],
    says: 'cannot use --output: its value is missing, the command line ends there; accepted: text, json or yaml',
  },
  {
    args: ['list', '-o', 'ymal'],
    says: 'cannot use --output "ymal": it is none of those; did you mean yaml? accepted: text, json or yaml',
  },
  {
    args: ['snapshot', '--cacert', '--etcd-password=hunter2'],
    says: 'cannot use --cacert: its value is missing, the flag --etcd-password follows instead; accepted: a text',
  },
  {
    args: ['snapshot', '--cacert', '--etcd-pasword=hunter2'],
    says: 'cannot use --cacert: its value is missing, a flag follows instead; accepted: a text',
  },
  {
    args: ['snapshot', '--etcd-password', 'my', 'hunter2'],
    says:
      'cannot use argument 4 of the command line: snapshot takes only flags; ' +
      'a value with blanks needs quotes; see etcdbrctl snapshot --help',
  },
  {
    args: ['status', ''],
    says: 'cannot run status: FILE|DIR is given without a value; is a variable empty?',
  },
  {
    args: ['completion'],
    says: 'cannot run completion: no shell is given; accepted: bash, zsh or fish',
  },
];

describe('a zone that is not known', () => {
  it('is refused where schedules follow it', async () => {
    await using rig = makeRig();
    for (const TZ of ['Foo/Bar', 'CET-1CEST']) {
      const { stderr, exitCode } = await rig.run(['snapshot', '--store-container', rig.home.path], { env: { TZ } });
      assert.match(stderr, /error: cannot use environment variable TZ: it names no time zone that is known here/);
      assert.equal(exitCode, 2);
    }
  });
});

describe('a command line that cannot be understood', () => {
  for (const { args, env, says } of cases) {
    it(`etcdbrctl ${args.join(' ')} ${env === undefined ? '' : JSON.stringify(env)}`, async () => {
      await using rig = makeRig();
      const options: RunOptions = env === undefined ? {} : { env };
      const { stdout, stderr, exitCode } = await rig.run(args, options);
      assert.equal(stderr, `error: ${says}\n`);
      assert.equal(stdout, '');
      assert.equal(exitCode, 2);
    });
  }

  it('names file and key of a bad value in a configuration file', async () => {
    await using rig = makeRig();
    writeFileSync(rig.home.join('c.yaml'), 'snapshotterConfig:\n  deltaSnapshotPeriod: soon\n');
    const { stderr, exitCode } = await rig.run(['server', '--config-file', 'c.yaml']);
    assert.match(
      stderr,
      /^error: cannot use snapshotterConfig\.deltaSnapshotPeriod in file c\.yaml: it is not a duration; [^\n]*\n$/,
    );
    assert.equal(exitCode, 2);
  });

  it('is one of the system as a data directory, which a server says before it listens', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run([
      'server',
      '--data-dir',
      '/',
      '--server-port',
      '1',
      '--log-level=error',
    ]);
    assert.match(
      stderr,
      /^error: cannot restore into \/: it belongs to the system; give --data-dir a directory of its own below it$/m,
    );
    assert.equal(exitCode, 2);
  });

  it('gives a server its configuration through a pipe, which its verification could not read again', async () => {
    await using rig = makeRig();
    const pipe = rig.home.join('pipe');
    execFileSync('mkfifo', [pipe]);
    const running = rig.run(['server', '--config-file', pipe, '--server-port', '1', '--log-level=error']);
    await writeFile(pipe, 'healthConfig: {}\n');
    const { stderr, exitCode } = await running;
    assert.match(
      stderr,
      /^error: cannot use --config-file \S+: it is a pipe or a device: .*regular file; write it to a file and name that$/m,
    );
    assert.equal(exitCode, 2);
  });

  it('is answered in JSON when --log-format json asks for it', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run(['snapshot', '--log-format', 'json', '--max-backups', '1.5']);
    const answer = JSON.parse(stderr) as Record<string, unknown>;
    assert.equal(answer['level'], 'error');
    assert.equal(answer['code'], 'usage');
    assert.equal(answer['exitCode'], 2);
    assert.match(String(answer['msg']), /^cannot use --max-backups "1\.5"/);
    assert.equal(exitCode, 2);
  });

  it('never shows the password', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run(['snapshot', '--log-level=debug', '--etcd-password', 'hunter2']);
    assert.match(stderr, /--etcd-username/);
    assert.doesNotMatch(stderr, /hunter2/);
    assert.equal(exitCode, 2);
  });
});
