import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { type EtcdLine, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { replay } from '../../../src/datadir/replay/replay.ts';
import { readStartState } from '../../../src/datadir/replay/start-state.ts';
import type { ReplayedChange } from '../../../src/datadir/replay/store-state.ts';
import type { VersionRules } from '../../../src/datadir/replay/version-rules.ts';
import { type Random, seededChoices } from '../fixtures/random.ts';
import { hashKv } from './hash-kv.ts';
import { versionRulesOf } from './version-rules-of.ts';
import { startWorkload } from './workload.ts';

/** How the rounds go. */
export interface KillRounds {
  readonly line: EtcdLine;
  readonly rounds: number;
  readonly seed: number;
  /** `open`: nobody logs in. `guarded`: users with different rights, which change meanwhile. `full`: a small quota. */
  readonly scenario: 'open' | 'guarded' | 'full';
  readonly report: (text: string) => void;
}

/** Sums over the rounds. */
export interface KillTotals {
  readonly kills: number;
  /** Changes that only the log held. */
  readonly replayedChanges: number;
}

const PASSWORD = 'secret';

/** Timeouts of etcdctl that are enough on a busy machine. */
const LONG_TIMEOUTS = ['--command-timeout=60s', '--dial-timeout=60s'];

/**
 * Lets a real etcd work, kills it at a random time, and compares what we read from its directory with an etcd that starts on a
 * copy of it: revision and HashKV. All rounds use the same directory.
 */
export async function runKillRounds(work: KillRounds): Promise<KillTotals> {
  using temp = makeTempDir();
  const random = seededChoices(work.seed);
  const dataDir = temp.join('data');
  const release = await etcdRelease(work.line);
  // Elections among one member need not take a second, nor hashes of passwords a tenth of one.
  const hurry = ['--heartbeat-interval', '20', '--election-timeout', '200', '--bcrypt-cost', '4'];
  const extraArgs = [
    ...hurry,
    '--snapshot-count',
    '400',
    ...(work.scenario === 'full' ? ['--quota-backend-bytes', '6000000'] : []),
  ];
  const login = work.scenario === 'guarded' ? [`--user=root:${PASSWORD}`] : [];
  let replayedChanges = 0;
  for (let round = 0; round < work.rounds; round++) {
    // An etcd whose quota is used up works, but does not call itself healthy.
    await using etcd = await startEtcd({ release, dataDir, extraArgs, readiness: 'listening' });
    await untilServing(etcd, round > 0 ? login : []);
    if (round === 0 && work.scenario === 'guarded') {
      await setUpUsers(etcd);
    }
    await workAndKill(etcd, work.scenario, random);
    const ours = await ourResult(dataDir, versionRulesOf(release.version));
    replayedChanges += ours.changes;
    const copy = temp.join(`copy-${round}`);
    await copySparse(dataDir, copy);
    await using restarted = await startEtcd({
      release,
      dataDir: copy,
      extraArgs: hurry,
      readiness: 'listening',
    });
    await untilServing(restarted, login);
    const revision = await servedRevision(restarted, login);
    assert.equal(ours.revision, revision, `${work.line} ${work.scenario} seed ${work.seed} round ${round}: revision`);
    const hash = await servedHash(restarted, revision, login);
    assert.equal(ours.hash, hash, `${work.line} ${work.scenario} seed ${work.seed} round ${round}: HashKV`);
    await restarted.kill9();
    await run('rm', ['-rf', copy]);
    work.report(
      `${work.line} ${work.scenario} round ${round}: revision ${revision}, ${ours.changes} changes from the log`,
    );
  }
  return { kills: work.rounds, replayedChanges };
}

async function ourResult(
  dataDir: string,
  rules: VersionRules,
): Promise<{ readonly revision: number; readonly hash: number; readonly changes: number }> {
  const { signal } = new AbortController();
  const memberDir = path.join(dataDir, 'member');
  const start = await readStartState(memberDir, { signal });
  const changes: ReplayedChange[] = [];
  const wanted = await replay({ start, rules, signal, onChange: (change) => changes.push(change) });
  const counted = await replay({ start, rules, signal });
  assert.deepEqual(counted, wanted);
  return {
    revision: wanted.revision,
    hash: await hashKv(start.dbFile, changes, wanted.compactRevision),
    changes: changes.length,
  };
}

async function workAndKill(etcd: EtcdServer, scenario: KillRounds['scenario'], random: Random): Promise<void> {
  const connect = (username: string): Etcd3 =>
    new Etcd3({ hosts: etcd.clientUrl, auth: { username, password: PASSWORD } });
  const clients = scenario === 'guarded' ? ['root', 'ann', 'bob'].map(connect) : [new Etcd3({ hosts: etcd.clientUrl })];
  const root = clients[0];
  try {
    const changeRights =
      scenario === 'guarded' && root !== undefined ? (dice: Random) => changeRightsOf(root, dice) : undefined;
    // A login takes longer than many writes.
    await Promise.allSettled(clients.map((client) => client.kv.range({ key: Buffer.from('a/00') })));
    const workload = startWorkload({
      clients,
      random,
      parallel: 24,
      ...(changeRights === undefined ? {} : { changeRights }),
    });
    if (scenario === 'full') {
      await fill(clients, random);
    }
    await sleep(100 + random.integer(700));
    await etcd.kill9();
    await workload.stop();
  } finally {
    for (const client of clients) {
      client.close();
    }
  }
}

/** Writes until the quota is passed and an alarm is raised, or clears the alarm that an earlier round raised. */
async function fill(clients: readonly Etcd3[], random: Random): Promise<void> {
  const [client] = clients;
  if (client === undefined) {
    return;
  }
  const options = (): { readonly deadline: number } => ({ deadline: Date.now() + 2000 });
  await client.maintenance.alarm({ action: 'Deactivate', alarm: 'Nospace' }, options()).catch(() => undefined);
  for (let place = 0; place < 12; place++) {
    const value = Buffer.alloc(200_000 + random.integer(300_000), 'z');
    const key = Buffer.from(`b/big-${place % 3}`);
    await client.kv.put({ key, value }, options()).catch(() => undefined);
  }
}

async function setUpUsers(etcd: EtcdServer): Promise<void> {
  const client = new Etcd3({ hosts: etcd.clientUrl });
  try {
    const { auth } = client;
    await auth.roleAdd({ name: 'root' });
    await auth.userAdd({ name: 'root', password: PASSWORD });
    await auth.userGrantRole({ user: 'root', role: 'root' });
    for (const [user, prefix] of [
      ['ann', 'a'],
      ['bob', 'b'],
    ] as const) {
      await auth.roleAdd({ name: `of-${user}` });
      await auth.roleGrantPermission({ name: `of-${user}`, perm: permission(prefix, 'Readwrite') });
      await auth.userAdd({ name: user, password: PASSWORD });
      await auth.userGrantRole({ user, role: `of-${user}` });
    }
    await auth.authEnable();
  } finally {
    client.close();
  }
}

function permission(
  prefix: string,
  permType: 'Read' | 'Write' | 'Readwrite',
): { permType: 'Read' | 'Write' | 'Readwrite'; key: Buffer; range_end: Buffer } {
  return { permType, key: Buffer.from(`${prefix}/`), range_end: Buffer.from(`${prefix}0`) };
}

/** Rarely, because each change makes the logins of all others out of date. */
async function changeRightsOf(root: Etcd3, random: Random): Promise<unknown> {
  if (!random.oneIn(6)) {
    return undefined;
  }
  const { auth } = root;
  const user = random.pick(['ann', 'bob']);
  const role = `of-${random.pick(['ann', 'bob'])}`;
  switch (random.integer(7)) {
    case 0:
      return auth.userGrantRole({ user, role });
    case 1:
      return auth.userRevokeRole({ name: user, role });
    case 2:
      return auth.roleGrantPermission({
        name: role,
        perm: permission(random.pick(['a', 'b']), random.pick(['Read', 'Write', 'Readwrite'] as const)),
      });
    case 3: {
      const { key, range_end } = permission(random.pick(['a', 'b']), 'Read');
      return auth.roleRevokePermission({ role, key, range_end });
    }
    case 4:
      return auth.roleAdd({ name: role });
    case 5:
      return auth.userAdd({ name: 'cid', password: PASSWORD });
    default:
      return auth.userDelete({ name: 'cid' });
  }
}

/** A linearizable read is answered when everything in the log has been applied. */
async function untilServing(etcd: EtcdServer, login: readonly string[]): Promise<void> {
  await eventually(() =>
    etcd.etcdctl(...login, 'get', 'nothing').then(
      () => true,
      () => undefined,
    ),
  );
}

async function servedHash(etcd: EtcdServer, revision: number, login: readonly string[]): Promise<number> {
  const text = await etcd.etcdctl(
    ...LONG_TIMEOUTS,
    ...login,
    'endpoint',
    'hashkv',
    `--rev=${revision}`,
    '--write-out=json',
  );
  const hash = /"hash":(\d+)/.exec(text)?.[1];
  assert.ok(hash !== undefined, text);
  return Number(hash);
}

/** Releases of 2026 answer this only to users, where there are any. */
async function servedRevision(etcd: EtcdServer, login: readonly string[]): Promise<number> {
  const text = await etcd.etcdctl(...LONG_TIMEOUTS, ...login, 'endpoint', 'status', '--write-out=json');
  const revision = /"revision":(\d+)/.exec(text)?.[1];
  assert.ok(revision !== undefined, text);
  return Number(revision);
}

/** WAL segments are mostly holes. */
async function copySparse(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--sparse=always', from, to]);
}
