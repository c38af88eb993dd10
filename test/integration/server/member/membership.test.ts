import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { parsePeerUrl } from '../../../../src/datadir/membership/peer-url.ts';
import { type InitializeResult, initialize } from '../../../../src/operations/initialize/initialize.ts';
import type { Clock } from '../../../../src/runtime/clock.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { configuredMember, membershipPlan } from '../../../../src/server/etcd-config/configured-member.ts';
import { presentConfig, servedConfig } from '../../../../src/server/etcd-config/served-config.ts';
import { clusterAccessOf } from '../../../../src/server/member/cluster-access-of.ts';
import { ClusterMembership } from '../../../../src/server/member/cluster-membership.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { type Connected, connected, connectionTo } from '../../../support/etcd/connected.ts';
import { startEtcdMembers } from '../../../support/etcd/etcd-members.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

interface Place {
  readonly name: string;
  readonly peerUrl: string;
}

/** The sidecar of one member of several, without its HTTP surface. */
class SidecarOf implements AsyncDisposable {
  readonly membership: ClusterMembership;
  readonly #parts: { readonly dir: TempDir; readonly podName: string; readonly connection: Connected };
  readonly #file: string;

  private constructor(dir: TempDir, podName: string, connection: Connected, own: string) {
    this.#parts = { dir, podName, connection };
    this.#file = dir.join('etcd.conf.yaml');
    const context = realContext();
    const flags = restoreRequest(dir).member;
    const sources = { etcdConfigFile: this.#file, podName, flags, flagsGiven: false };
    const access = clusterAccessOf({ connection, options: connectionTo([own]), sources, random: () => 0 }, context);
    this.membership = new ClusterMembership({ access, stopWrapper: undefined }, context);
  }

  /** `own` is the first endpoint, `service` answers for the cluster. */
  static async of(
    dir: TempDir,
    podName: string,
    { own, service }: { readonly own: string; readonly service: readonly string[] },
  ): Promise<SidecarOf> {
    const connection = await connected([own], { serviceEndpoints: service }, { answer: 'not awaited' });
    return new SidecarOf(dir, podName, connection, own);
  }

  configure(places: readonly Place[], more: Readonly<Record<string, readonly string[]>> = {}): void {
    const urls = Object.fromEntries(places.map(({ name, peerUrl }) => [name, [peerUrl, ...(more[name] ?? [])]]));
    const config = {
      'initial-cluster': Object.entries(urls)
        .flatMap(([name, list]) => list.map((url) => `${name}=${url}`))
        .join(','),
      'initial-advertise-peer-urls': urls,
      'advertise-client-urls': urls,
    };
    writeFileSync(this.#file, JSON.stringify(config));
  }

  async initialize(dataDir: string): Promise<InitializeResult> {
    const { dir, podName } = this.#parts;
    const config = await presentConfig(this.#file);
    const member = membershipPlan(config, configuredMember(config, podName));
    const request = { ...restoreRequest(dir, { dataDir, member }), mode: 'full', namespace: undefined } as const;
    // A change is refused until all members have been connected for five seconds; a caller starts a run that failed again.
    return await eventually(
      () =>
        initialize({ ...request, cluster: this.membership }, realContext()).catch((error: unknown) => {
          assert.ok(error instanceof Failure && error.code === 'etcd_unreachable', String(error));
          return undefined;
        }),
      { timeoutMs: 60_000, intervalMs: 500 },
    );
  }

  async config(): Promise<Readonly<Record<string, unknown>>> {
    const { podName, connection } = this.#parts;
    const { membership } = this;
    const parts = { path: this.#file, podName, members: connection.members, met: () => membership.met };
    return parse(await servedConfig(parts, realContext())) as Record<string, unknown>;
  }

  async promote(): Promise<void> {
    const { signal } = this.#parts.connection;
    await eventually(async () => ((await this.membership.promote({ signal })) === 'promoted' ? true : undefined), {
      timeoutMs: 60_000,
    });
    assert.equal(await this.membership.promote({ signal }), 'votes already');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.connection[Symbol.asyncDispose]();
  }
}

/** Deadlines of calls to etcd go by the real clock. */
function realContext(): RecordedContext {
  return { ...recordedContext(), clock: systemClock };
}

const hasKey = (etcd: EtcdServer): Promise<true> =>
  eventually(async () => ((await etcd.etcdctl('get', 'one').catch(() => '')).includes('more') ? true : undefined), {
    timeoutMs: 60_000,
    describe: () => etcd.log().slice(-2_000),
  });

for (const line of etcdLines) {
  test(`a second member joins an etcd ${line} as a learner and is promoted`, async () => {
    const release = await etcdRelease(line);
    await using first = await startEtcd({ release, name: 'm0' });
    await first.etcdctl('put', 'one', 'more');
    using dir = makeTempDir();
    const [peerPort, clientPort] = [await freePort(), await freePort()];
    const second = { name: 'm1', peerUrl: `http://127.0.0.1:${peerPort}` };
    const own = `http://127.0.0.1:${clientPort}`;
    await using sidecar = await SidecarOf.of(dir, 'm1', { own, service: [first.clientUrl] });
    sidecar.configure([first, second, { name: 'm2', peerUrl: `http://127.0.0.1:${await freePort()}` }]);
    const dataDir = dir.join('data');
    const joined = await sidecar.initialize(dataDir);
    assert.deepEqual([joined.found.state, joined.action], ['absent', 'joined']);
    // Once more before etcd has started: it is awaited.
    assert.equal((await sidecar.initialize(dataDir)).action, 'none');
    const config = await sidecar.config();
    assert.equal(config['initial-cluster'], `m0=${first.peerUrl},m1=${second.peerUrl}`);
    assert.equal(config['initial-cluster-state'], 'existing');
    await using learner = await startEtcd({
      release,
      name: 'm1',
      dataDir,
      peerPort,
      clientPort,
      initialCluster: String(config['initial-cluster']),
      readiness: 'listening',
      extraArgs: ['--initial-cluster-state=existing'],
    });
    await sidecar.promote();
    await hasKey(learner);
    await learner.kill9();
    // A quorum is away, and its files are whole: it starts with them, and does not wait.
    assert.equal((await sidecar.initialize(dataDir)).action, 'kept');
  });

  test(`a damaged member of three of etcd ${line} is rebuilt, and its peer URLs follow the configuration`, async () => {
    const release = await etcdRelease(line);
    await using cluster = await startEtcdMembers(release, { count: 3 });
    const [a, b, c] = cluster.members;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    await a.etcdctl('put', 'one', 'more');
    using dir = makeTempDir();
    await using sidecar = await SidecarOf.of(dir, c.name, { own: c.clientUrl, service: [a.clientUrl, b.clientUrl] });
    sidecar.configure(cluster.members);
    await c.kill9();
    assert.equal((await sidecar.initialize(c.dataDir)).action, 'kept');
    await truncate(`${c.dataDir}/member/snap/db`, 0);
    const rebuilt = await sidecar.initialize(c.dataDir);
    // Where the removal was accepted and the addition not yet, the next run joins.
    assert.ok(rebuilt.action === 'rebuilt' || rebuilt.action === 'joined', rebuilt.action);
    assert.ok(existsSync(`${rebuilt.keptAside}/snap/db`));
    const config = await sidecar.config();
    assert.equal(config['initial-cluster-state'], 'existing');
    await using again = await startEtcd({
      release,
      name: c.name,
      dataDir: c.dataDir,
      peerPort: Number(new URL(c.peerUrl).port),
      clientPort: Number(new URL(c.clientUrl).port),
      initialCluster: String(config['initial-cluster']),
      readiness: 'listening',
      extraArgs: ['--initial-cluster-state=existing'],
    });
    await sidecar.promote();
    await hasKey(again);

    const { signal } = new AbortController();
    assert.equal(await sidecar.membership.updatePeerUrls({ signal }), 'unchanged');
    sidecar.configure(cluster.members, { [c.name]: ['http://127.0.0.1:1'] });
    assert.equal(await sidecar.membership.updatePeerUrls({ signal }), 'updated, wants a restart');
    assert.equal(await sidecar.membership.updatePeerUrls({ signal }), 'unchanged');
    const listed = await a.etcdctl('member', 'list');
    assert.match(listed, new RegExp(`, ${c.name}, [^\\n]*http://127.0.0.1:1,|, ${c.name}, http://127.0.0.1:1`));
  });

  test(`a member of etcd ${line} that lost its directory while a quorum is away does not begin anew`, async () => {
    const release = await etcdRelease(line);
    await using cluster = await startEtcdMembers(release, { count: 3 });
    const [a, b, c] = cluster.members;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    await eventually(async () =>
      (await a.etcdctl('member', 'list')).match(/http:\S+, http:/g)?.length === 3 ? true : undefined,
    );
    await b.kill9();
    await c.kill9();
    using dir = makeTempDir();
    await using connection = await connected([a.clientUrl], { connectionTimeoutMs: 1_000 }, { answer: 'not awaited' });
    const plan = {
      ...restoreRequest(dir).member,
      name: c.name,
      initialCluster: parseInitialCluster(cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')),
      initialAdvertisePeerUrls: [parsePeerUrl(c.peerUrl)],
    };
    // Only the waits between the attempts are cut short.
    const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms === 3_000 ? ms : 10, signal) };
    const context = { ...recordedContext(), clock };
    const sources = { etcdConfigFile: dir.join('none.yaml'), podName: undefined, flags: plan, flagsGiven: true };
    const access = clusterAccessOf(
      { connection, options: connectionTo([a.clientUrl]), sources, random: () => 0 },
      context,
    );
    const request = {
      ...restoreRequest(dir, { store: memorySnapStore([]), member: plan }),
      mode: 'full',
      namespace: undefined,
      cluster: new ClusterMembership({ access, stopWrapper: undefined }, context),
    } as const;
    await assert.rejects(initialize(request, context), {
      code: 'cluster_unreachable',
      message: /knows it as one that has started before, and no quorum of its cluster answers; start the other members/,
    });
    assert.ok(!existsSync(dir.join('data', 'member')));
  });
}
