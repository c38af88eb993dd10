import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rename, truncate } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { readWalOwner } from '../../../../src/datadir/wal/wal-owner.ts';
import { type InitializeResult, initialize } from '../../../../src/operations/initialize/initialize.ts';
import type { InitializeRequest } from '../../../../src/operations/initialize/initialize-request.ts';
import type { MemberOfCluster, PlaceInCluster } from '../../../../src/operations/initialize/place-in-cluster.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import type { FailureCode } from '../../../../src/runtime/failure-code.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { directoryContents } from '../../../support/fixtures/directory-contents.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const INITIAL_CLUSTER = 'default=http://127.0.0.1:2380,other=http://127.0.0.1:2381';
const BACKUPS = memorySnapStore(goldenObjects('etcd-3.5/gzip'));
const EMPTY = memorySnapStore([]);
const NOBODY = { kind: 'unreachable', failure: undefined, remembered: undefined } as const;

/** A cluster that answers as given; the calls that `fails` names are refused. */
class FakeCluster implements MemberOfCluster {
  readonly #calls: string[] = [];
  readonly #place: PlaceInCluster;
  readonly #fails: readonly string[];
  /** Happens while this is asked for. */
  readonly during = new Map<'place' | 'join', () => Promise<void>>();

  constructor(place: PlaceInCluster, fails: readonly ('join' | 'leave')[]) {
    this.#place = place;
    this.#fails = fails;
  }

  get calls(): readonly string[] {
    return this.#calls;
  }

  async place({ insists }: { readonly insists: boolean }): Promise<PlaceInCluster> {
    this.#calls.push(insists ? 'place, insisting' : 'place');
    await this.during.get('place')?.();
    return this.#place;
  }

  async join(): Promise<void> {
    await this.#change('join');
    await this.during.get('join')?.();
  }

  async leave(): Promise<void> {
    await this.#change('leave');
  }

  #change(name: string): Promise<void> {
    this.#calls.push(name);
    return this.#fails.includes(name)
      ? Promise.reject(new Failure({ code: 'etcd_unreachable', action: name, object: 'it', found: 'gone' }))
      : Promise.resolve();
  }
}

const clusterWith = (place: PlaceInCluster, fails: readonly ('join' | 'leave')[] = []): FakeCluster =>
  new FakeCluster(place, fails);

function requestFor(dir: TempDir, changes: Partial<InitializeRequest>): InitializeRequest {
  const member = { ...restoreRequest(dir).member, initialCluster: parseInitialCluster(INITIAL_CLUSTER) };
  return { ...restoreRequest(dir, { member }), mode: 'sanity', namespace: undefined, ...changes };
}

const run = (dir: TempDir, changes: Partial<InitializeRequest>): Promise<InitializeResult> =>
  initialize(requestFor(dir, changes), recordedContext());

/** A sound directory of the member `default`, and what its log says of it. */
async function soundDirectory(dir: TempDir): Promise<{ readonly nodeId: bigint; readonly clusterId: bigint }> {
  await restore({ ...requestFor(dir, {}), store: BACKUPS }, recordedContext());
  const owner = await readWalOwner(dir.join('data/member/wal'), { signal: new AbortController().signal });
  assert.ok(owner !== undefined);
  return owner;
}

async function refused(dir: TempDir, changes: Partial<InitializeRequest>, code: FailureCode): Promise<string> {
  const before = existsSync(dir.join('data')) ? directoryContents(dir.path) : undefined;
  let message = '';
  await assert.rejects(run(dir, changes), (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code, error.message);
    message = error.message;
    return true;
  });
  assert.deepEqual(existsSync(dir.join('data')) ? directoryContents(dir.path) : undefined, before);
  return message;
}

test('a sound member of a living cluster is kept, and one that nobody answers does not wait', async () => {
  using dir = makeTempDir();
  const { nodeId, clusterId } = await soundDirectory(dir);
  const answering = { clusterId, memberIds: [nodeId, 7n], urls: ['http://a'] };
  for (const place of [NOBODY, { kind: 'member', memberId: nodeId, ...answering } as const]) {
    const cluster = clusterWith(place);
    const result = await run(dir, { cluster, store: EMPTY });
    assert.deepEqual([result.found.state, result.action], ['valid', 'kept']);
    assert.deepEqual(cluster.calls, ['place']);
  }
  const swapped = clusterWith({ kind: 'member', memberId: 7n, ...answering });
  assert.match(await refused(dir, { cluster: swapped }, 'wrong_member'), /that of another member of the cluster/);
  const foreign = clusterWith({ kind: 'unknown to it', ...answering, clusterId: 1n });
  const message = await refused(dir, { cluster: foreign }, 'wrong_member');
  assert.match(message, /of another cluster .*\(http:\/\/a, cluster 1\)/);
  assert.match(message, /--data-dir; .*initial-cluster .*--endpoints and --service-endpoints; .*move \S+member away/);
  assert.deepEqual(foreign.calls, ['place']);
});

test('a member that its cluster does not know joins as a learner; its old files make way only then', async () => {
  using dir = makeTempDir();
  const { nodeId, clusterId } = await soundDirectory(dir);
  const place = { kind: 'unknown to it', clusterId, memberIds: [7n], urls: ['http://a'] } as const;
  await refused(dir, { cluster: clusterWith(place, ['join']) }, 'etcd_unreachable');
  const cluster = clusterWith(place);
  const result = await run(dir, { cluster });
  assert.equal(result.action, 'joined');
  assert.match(result.keptAside ?? '', /member\.invalid-/);
  assert.deepEqual(cluster.calls, ['place', 'join']);
  // It has nothing any more, and the cluster was told of it.
  const awaited = clusterWith({ ...place, kind: 'awaited', memberId: 8n });
  assert.equal((await run(dir, { cluster: awaited })).action, 'none');
  assert.ok(!readdirSync(dir.join('data')).includes('member'));
  assert.notEqual(nodeId, 8n);
});

test('a run that ended between joining and making way is finished by the next one', async () => {
  using dir = makeTempDir();
  const { nodeId, clusterId } = await soundDirectory(dir);
  const awaited = { kind: 'awaited', clusterId, memberIds: [7n, 8n], urls: [] } as const;
  const result = await run(dir, { cluster: clusterWith({ ...awaited, memberId: 8n }) });
  assert.deepEqual([result.found.state, result.action], ['valid', 'moved_aside']);

  // One that has begun already keeps its files.
  using begun = makeTempDir();
  await soundDirectory(begun);
  const own = { ...awaited, memberIds: [7n, nodeId], memberId: nodeId };
  assert.equal((await run(begun, { cluster: clusterWith(own) })).action, 'kept');
  await truncate(begun.join('data/member/snap/db'), 0);
  const cluster = clusterWith(own);
  assert.equal((await run(begun, { cluster })).action, 'rebuilt');
  assert.deepEqual(cluster.calls, ['place, insisting', 'leave', 'join']);
});

test('a damaged member of a living cluster is rebuilt, whatever the store says; its files stay until the cluster has agreed', async () => {
  const silent = {
    ...memorySnapStore([]),
    list: () => Promise.reject(new Failure({ code: 'store_transient', action: 'list', object: 'it', found: 'gone' })),
  };
  for (const store of [undefined, EMPTY, BACKUPS, silent]) {
    using dir = makeTempDir();
    const { nodeId, clusterId } = await soundDirectory(dir);
    await truncate(dir.join('data/member/snap/db'), 0);
    const place = { kind: 'member', clusterId, memberIds: [nodeId, 7n], memberId: nodeId, urls: [] } as const;
    const refusing = clusterWith(place, ['leave']);
    await refused(dir, { cluster: refusing, store }, 'etcd_unreachable');
    assert.deepEqual(refusing.calls, ['place, insisting', 'leave']);
    await refused(dir, { cluster: clusterWith(place, ['join']), store }, 'etcd_unreachable');
    const cluster = clusterWith(place);
    const result = await run(dir, { cluster, store });
    assert.deepEqual([result.found.state, result.action], ['db_corrupt', 'rebuilt']);
    assert.deepEqual(cluster.calls, ['place, insisting', 'leave', 'join']);
    assert.ok(existsSync(`${result.keptAside}/snap/db`));
  }
});

test('an absent member of a living cluster is rebuilt', async () => {
  using dir = makeTempDir();
  const cluster = clusterWith({ kind: 'member', clusterId: 9n, memberIds: [7n, 8n], memberId: 8n, urls: [] });
  assert.equal((await run(dir, { cluster, store: EMPTY })).action, 'rebuilt');
  assert.deepEqual(cluster.calls, ['place, insisting', 'leave', 'join']);
});

test('an etcd that was started while the cluster was asked keeps its files, and its place in the cluster', async () => {
  const answering = { clusterId: 9n, memberIds: [7n, 8n], urls: [] };
  for (const [at, kind, calls] of [
    ['place', 'awaited', ['place, insisting']],
    ['place', 'member', ['place, insisting']],
    ['place', 'unknown to it', ['place, insisting']],
    ['join', 'unknown to it', ['place, insisting', 'join']],
  ] as const) {
    using dir = makeTempDir();
    using other = makeTempDir();
    await soundDirectory(other);
    // A directory without a member, as the volume of a pod has it.
    mkdirSync(dir.join('data/lost+found'), { recursive: true });
    const cluster = clusterWith(
      kind === 'unknown to it' ? { kind, ...answering } : { kind, memberId: 8n, ...answering },
    );
    cluster.during.set(at, () => rename(other.join('data/member'), dir.join('data/member')));
    await assert.rejects(run(dir, { cluster, store: EMPTY }), { code: 'data_dir_changed' });
    assert.deepEqual(cluster.calls, calls);
    assert.ok(existsSync(dir.join('data/member/snap/db')), `${kind}: member/ was taken away from it`);
  }
});

test('without a cluster nothing is emptied, and what a person has to do is said', async () => {
  using dir = makeTempDir();
  for (const store of [undefined, EMPTY]) {
    assert.equal((await run(dir, { cluster: clusterWith(NOBODY), store })).action, 'none');
  }
  const lost =
    /no cluster answers.*start the other members.*if all members are lost: scale to 0, delete the volumes and member leases/;
  assert.match(await refused(dir, { cluster: clusterWith(NOBODY), store: BACKUPS }, 'cluster_lost'), lost);
  const remembered = clusterWith({ ...NOBODY, remembered: 'its lease has a holder' });
  assert.match(
    await refused(dir, { cluster: remembered, store: EMPTY }, 'cluster_unreachable'),
    /does not exist; its lease has a holder, and no quorum of its cluster answers; start the other members/,
  );
  await soundDirectory(dir);
  await truncate(dir.join('data/member/snap/db'), 0);
  await refused(dir, { cluster: clusterWith(NOBODY), store: BACKUPS }, 'cluster_lost');
  await refused(dir, { cluster: clusterWith(NOBODY), store: EMPTY }, 'data_dir_invalid');
  await refused(dir, { cluster: clusterWith(NOBODY), store: undefined }, 'data_dir_invalid');
});

test('an error of the cluster is no silence', async () => {
  using dir = makeTempDir();
  const cluster: MemberOfCluster = {
    join: undefined,
    leave: undefined,
    place: () => Promise.reject(new Failure({ code: 'etcd_auth', action: 'ask', object: 'it', found: 'no' })),
  };
  await refused(dir, { cluster, store: EMPTY }, 'etcd_auth');
});
