import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compileCache } from '../../scripts/lab/compile-cache.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { runIndexedJob } from '../support/fixtures/fleet-job.ts';
import { goldenObjects, goldenStorePath } from '../support/fixtures/golden-store.ts';
import { type S3Server, startS3Server } from '../support/servers/s3-server.ts';
import { makeRig, programUnderTest, type Rig } from './rig.ts';
import { s3Place } from './s3-place.ts';

interface Shown {
  readonly sound: boolean;
  readonly shard: { readonly index: number } | null;
  readonly lastRun: { readonly run: string; readonly shards: number; readonly missingShards: readonly number[] } | null;
  readonly clusters: readonly {
    readonly prefix: string;
    readonly state: string;
    readonly newestRevision: number;
    readonly proof: { readonly sound: boolean; readonly revision: number } | null;
  }[];
}

/** A loopback S3 with the golden backup below each prefix. */
async function fleetOf(prefixes: readonly string[]): Promise<S3Server> {
  const server = await startS3Server();
  for (const prefix of prefixes) {
    for (const { key, bytes } of goldenObjects('etcd-3.5/gzip')) {
      server.objects.set(`${prefix}/${key}`, { size: bytes.length, bytes, modifiedAt: Date.now() });
    }
  }
  return server;
}

/** A directory with the golden backup below each prefix. */
function localFleet(
  rig: Rig,
  prefixes: readonly string[],
): { readonly flags: readonly string[]; readonly path: string } {
  const path = rig.home.join('backups');
  for (const prefix of prefixes) {
    cpSync(`${goldenStorePath('etcd-3.5/gzip')}etcd-main`, `${path}/${prefix}`, { recursive: true });
  }
  return { path, flags: ['--storage-provider=Local', `--store-container=${path}`] };
}

function results(server: S3Server): readonly string[] {
  return [...server.objects.keys()].filter((key) => key.startsWith('etcdbrctl-fleet/'));
}

describe('fleet', () => {
  it('an indexed job shares the work; the report puts it together and says what is missing', async () => {
    await using rig = makeRig();
    const names = Array.from({ length: 16 }, (_, at) => `team-${at % 2}/cluster-${at}/etcd-main`);
    await using server = await fleetOf(names);
    const { flags, env } = s3Place(rig, server.endpoint);
    const pods = await runIndexedJob({
      program: programUnderTest,
      args: ['fleet', 'verify', '--level=hash', '--output=json', '--run-name=night', ...flags],
      env: { PATH: process.env['PATH'] ?? '', HOME: rig.home.path, TZ: 'UTC', ...compileCache, ...env },
      completions: 3,
    });
    const shares = pods.map(({ stdout, stderr, exitCode }) => {
      assert.equal(exitCode, 0, stderr);
      return (JSON.parse(stdout) as Shown).clusters.map(({ prefix }) => prefix);
    });
    assert.deepEqual(shares.flat().toSorted(), names.toSorted());
    assert.ok(shares.every((share) => share.length < names.length));
    assert.equal(results(server).length, 3);

    const strict = ['--require-proof=1h', '--output=json', ...flags];
    const whole = await rig.run(['fleet', 'report', ...strict], { env });
    assert.equal(whole.exitCode, 0, whole.stderr);
    const shown = JSON.parse(whole.stdout) as Shown;
    assert.deepEqual([shown.lastRun?.run, shown.lastRun?.shards, shown.lastRun?.missingShards], ['night', 3, []]);
    assert.ok(shown.clusters.every(({ proof }) => proof?.sound === true && proof.revision === 122));

    const lost = results(server).find((key) => key.includes('-1-of-3'));
    server.objects.delete(lost ?? '');
    const partly = await rig.run(['fleet', 'report', '--output=json', ...flags], { env });
    assert.equal(partly.exitCode, 1);
    assert.match(partly.stderr, /1 shard of 3 wrote no result: 1;/);
    assert.deepEqual((JSON.parse(partly.stdout) as Shown).lastRun?.missingShards, [1]);
    // Who looks at one cluster sees nothing of it.
    const one = await rig.run(['list', '--store-prefix=team-0/cluster-0/etcd-main', ...flags], { env });
    assert.equal(one.exitCode, 0, one.stderr);
  });

  it('a store that throttles is asked again, and names of a hostile one are text', async () => {
    await using rig = makeRig();
    await using server = await fleetOf(['a', '<img src=x>&"\'', 'b']);
    let throttled = 0;
    server.fault(({ operation }) => {
      throttled += Number(operation === 'ListObjectsV2');
      return operation === 'ListObjectsV2' && throttled === 1
        ? { kind: 'status', status: 503, code: 'SlowDown' }
        : undefined;
    });
    const { flags, env } = s3Place(rig, server.endpoint);
    const { stdout, stderr, exitCode } = await rig.run(['fleet', 'list', '--output=html', ...flags], { env });
    assert.equal(exitCode, 0, stderr);
    assert.ok(throttled > 1);
    assert.ok(stdout.includes('&lt;img src=x&gt;&amp;&quot;&#39;'));
    assert.doesNotMatch(stdout, /<img|<script/);
  });

  it('stops with SIGTERM, and leaves no result', async () => {
    await using rig = makeRig();
    await using server = await fleetOf(['a', 'b']);
    server.fault(({ operation }) => (operation === 'GetObject' ? { kind: 'stall' } : undefined));
    const { flags, env } = s3Place(rig, server.endpoint);
    const running = rig.start(['fleet', 'verify', '--level=hash', ...flags], { env });
    await eventually(() => (server.calls.get('GetObject') ?? 0) > 0 || undefined, { timeoutMs: 60_000 });
    running.kill('SIGTERM');
    const { exitCode } = await running.finished;
    assert.equal(exitCode, 143);
    assert.deepEqual(results(server), []);
  });

  it('a damaged cluster hides no other, and the files are whole and readable', async () => {
    await using rig = makeRig();
    const { flags, path } = localFleet(rig, ['good', 'gap', 'deep/er/good']);
    rmSync(`${path}/gap/v2/Incr-00000090-00000119-1795251536.gz`);
    const [html, metrics] = [rig.home.join('fleet.html'), rig.home.join('fleet.prom')];
    const files = [`--html-file=${html}`, `--prometheus-file=${metrics}`];
    const { stdout, stderr, exitCode } = await rig.run(['fleet', 'verify', '--level=catalog', ...files, ...flags]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /1 of 3 clusters needs attention: gap is damaged/);
    assert.match(stdout, /^deep\/er\/good +sound +122 /m);
    assert.match(stdout, /^gap +DAMAGED +89 .*\n(?: {4}.*\n)* {4}broken: revisions 90 to 119 are missing/m);
    assert.match(readFileSync(html, 'utf8'), /<tr class="damaged"><td>gap/);
    assert.match(readFileSync(metrics, 'utf8'), /^etcdbr_fleet_sound\{prefix="deep\/er\/good"\} 1$/m);
    assert.equal(statSync(metrics).mode & 0o777, 0o644);
    assert.deepEqual(
      readdirSync(rig.home.path).filter((name) => name.includes('partial')),
      [],
    );
    const aged = await rig.run(['fleet', 'list', '--prefix-glob=g*', '--max-age=1h', '--output=json', ...flags]);
    assert.equal(aged.exitCode, 1);
    const states = (JSON.parse(aged.stdout) as Shown).clusters.map(({ prefix, state }) => `${prefix} ${state}`);
    assert.deepEqual(states, ['gap damaged', 'good stale']);
  });

  it('looks at its files before the work, and writes the others where one cannot be written', async () => {
    await using rig = makeRig();
    const { flags } = localFleet(rig, ['good']);
    execFileSync('mkfifo', [rig.home.join('pipe')]);
    for (const [files, code, text] of [
      [['--html-file=pipe'], 1, /^error: cannot write pipe: it is a pipe, not a file; give a file$/m],
      [['--prometheus-file=/nowhere/x.prom'], 1, /^error: cannot write \/nowhere\/x.prom: there is no such file/m],
      [
        ['--html-file=same', '--prometheus-file=./same'],
        2,
        /^error: cannot use --prometheus-file: it is the file of --/m,
      ],
    ] as const) {
      const ended = await rig.run(['fleet', 'verify', '--level=hash', ...files, ...flags, '--log-format=text']);
      assert.equal(ended.exitCode, code, ended.stderr);
      assert.match(ended.stderr, text);
      assert.equal(ended.stdout, '');
      assert.deepEqual(readdirSync(rig.home.join('backups')), ['good'], 'nothing was verified');
    }
    assert.ok(statSync(rig.home.join('pipe')).isFIFO());
    const files = ['--html-file=a.html', '--prometheus-file=a.prom'];
    const full = await rig.run(['fleet', 'list', ...files, ...flags], { shell: 'exec "$@" >/dev/full' });
    assert.equal(full.exitCode, 1);
    assert.match(full.stderr, /cannot write the result: no space is left there/);
    assert.match(readFileSync(rig.home.join('a.html'), 'utf8'), /<\/html>/);
    assert.match(readFileSync(rig.home.join('a.prom'), 'utf8'), /^etcdbr/m);
  });

  it('says what is wrong with its command line', async () => {
    await using rig = makeRig();
    const { flags, path } = localFleet(rig, []);
    const cases: readonly (readonly [args: readonly string[], code: number, text: RegExp])[] = [
      [['fleet'], 0, /^Usage: etcdbrctl fleet COMMAND/],
      [['help', 'fleet', 'list'], 0, /^Usage: etcdbrctl fleet list \[flags\]/],
      [['fleet', 'lits'], 2, /did you mean fleet list\?/],
      [['fleet', '--storage-provider=S3'], 2, /its command comes before the flags/],
      [['fleet', 'verify', '--shard=10/10', ...flags], 2, /cannot use --shard: it is no I\/N/],
      [['fleet', 'verify', `--run-name=${'x'.repeat(257)}`, ...flags], 2, /--run-name: it has 257 characters/],
      [['fleet', 'list', '--max-age=-1h', ...flags], 2, /cannot use --max-age "-1h": it is less than 0/],
      [['fleet', 'list', '--require-proof=-1ms', ...flags], 2, /cannot use --require-proof "-1ms": it is less than 0/],
      [['fleet', 'report', '--shard=0/2', ...flags], 2, /fleet report has no such flag/],
      [['fleet', 'list', ...flags], 1, /backups: it does not exist; check --store-container/],
      [['fleet', 'verify', ...flags], 1, /backups: it does not exist; check --store-container/],
    ];
    for (const [args, code, text] of cases) {
      const { stdout, stderr, exitCode } = await rig.run(args);
      assert.equal(exitCode, code, stderr);
      assert.match(code === 0 ? stdout : stderr, text);
    }
    mkdirSync(path);
    const nothing = await rig.run(['fleet', 'list', ...flags]);
    assert.match(nothing.stderr, /it holds no prefix with backups/);
    const half = await rig.run(['fleet', 'verify', ...flags], { env: { JOB_COMPLETION_INDEX: '1' } });
    assert.equal(half.exitCode, 2);
    assert.match(half.stderr, /JOB_COMPLETIONS/);
    assert.equal(existsSync(`${path}/etcdbrctl-fleet`), false);
  });
});
