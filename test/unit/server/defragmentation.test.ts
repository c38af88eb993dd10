import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { EtcdCluster, MemberStatus } from '../../../src/etcd/cluster.ts';
import type { ClusterMember } from '../../../src/etcd/members.ts';
import type { SnapshotterEvent } from '../../../src/operations/snapshot/events.ts';
import { Schedule } from '../../../src/operations/snapshot/schedule.ts';
import { defragmentationTask } from '../../../src/server/defragmentation.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { ScriptedCluster } from '../../support/etcd/scripted-cluster.ts';

/** A cluster that answers for exactly the members that it was opened to; member 2 leads. */
class Members extends ScriptedCluster {
  readonly urls: readonly string[];
  readonly silent: ReadonlySet<string>;
  readonly done: string[];

  constructor(
    urls: readonly string[],
    { silent, done }: { readonly silent: ReadonlySet<string>; readonly done: string[] },
  ) {
    super();
    this.urls = urls;
    this.silent = silent;
    this.done = done;
  }

  override async members(): Promise<readonly MemberStatus[]> {
    const status = await this.status();
    return this.urls.map((endpoint) => {
      if (this.silent.has(endpoint)) {
        throw new Error(`${endpoint} does not answer`);
      }
      return { ...status, endpoint, memberId: BigInt(endpoint.slice(-1)), leaderId: 2n };
    });
  }

  override defragment(endpoint: string): Promise<void> {
    this.done.push(endpoint);
    return Promise.resolve();
  }
}

const member = (id: number, changes: Partial<ClusterMember> = {}): ClusterMember => ({
  id: BigInt(id),
  name: `m${id}`,
  peerUrls: [],
  clientUrls: [`http://m${id}`, `http://other-m${id}`],
  isLearner: false,
  ...changes,
});

it('every member is defragmented once, the leader last and no learner, when all of them answer', async () => {
  const clock = new FakeClock('2026-11-21T08:00:00Z');
  const log = new RecordedLog();
  const silent = new Set(['http://m3']);
  const done: string[] = [];
  const events: SnapshotterEvent['type'][] = [];
  const controller = new AbortController();
  const task = defragmentationTask(
    {
      schedule: new Schedule('0 * * * *'),
      list: async () => [member(1), member(2), member(3), member(4, { isLearner: true })],
      connect: async (urls): Promise<EtcdCluster & { readonly cluster: EtcdCluster }> => {
        const cluster = new Members(urls, { silent, done });
        return Object.assign(cluster, { cluster });
      },
      listener: ({ type }) => void events.push(type),
    },
    { clock, log },
  );
  const running = task.run(controller.signal);
  running.catch(() => undefined);
  for (let minute = 0; minute < 61; minute++) {
    await clock.advance(60_000);
  }
  assert.deepEqual(done, []);
  assert.equal(log.count(/^Trying to defragment again in 60 s: .*m3 does not answer/), 2);
  silent.clear();
  await clock.advance(60_000);
  assert.deepEqual(done, ['http://m1', 'http://m3', 'http://m2']);
  assert.equal(events.filter((type) => type === 'defragmented').length, 3);
  for (let minute = 0; minute < 57; minute++) {
    await clock.advance(60_000);
  }
  assert.equal(done.length, 3);
  await clock.advance(60_000);
  assert.equal(done.length, 6);
  controller.abort(new Error('the lead is lost'));
  await assert.rejects(running, /lost/);
});
