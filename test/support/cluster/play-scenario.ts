import assert from 'node:assert/strict';
import type { EtcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Random } from '../fixtures/random.ts';
import { checkCluster } from './check-cluster.ts';
import { PodCluster } from './pod-cluster.ts';
import { ProtectionWatch } from './protection-watch.ts';
import { RecordingWriter } from './recording-writer.ts';
import type { Scenario, Stage } from './scenario.ts';

/** How a scenario went. Times in ms. */
export interface Played {
  readonly name: string;
  readonly version: string;
  /** From the beginning of the disturbance until the cluster was whole again. */
  readonly untilWholeMs: number;
  /** The longest time without an acknowledged write. */
  readonly silenceMs: number;
  /** The longest time for which an acknowledged write was not in the store. */
  readonly unprotectedMs: number;
  readonly writes: number;
  readonly notes: readonly string[];
}

/** How scenarios are played. */
export interface PlayOptions {
  readonly release: EtcdRelease;
  readonly random: Random;
  readonly length: Stage['length'];
  /** More options of every sidecar. */
  readonly flags?: readonly string[];
}

/** What a sidecar never logs while all is done as it should. */
const fault = /.*(?:fault in the program|ended by a fault|Unhandled|Uncaught|Warning: .*leak).*/i;

/** Plays scenarios one after the other; those that share a cluster use the same. Disposing ends it. */
export class Player implements AsyncDisposable {
  readonly #options: PlayOptions;
  #shared: PodCluster | undefined;
  /** Those whose keys are in the shared cluster. */
  #writers: RecordingWriter[] = [];
  #number = 0;

  constructor(options: PlayOptions) {
    this.#options = options;
  }

  /** Throws when something does not hold, and begins the next scenario with a new cluster then. */
  async play(scenario: Scenario): Promise<Played> {
    const { release, flags = [] } = this.#options;
    if (scenario.cluster !== 'shared') {
      const begunAt = performance.now();
      const own = scenario.cluster.flags ?? [];
      await using cluster = await PodCluster.start({ ...scenario.cluster, release, flags: [...flags, ...own] });
      await cluster.untilWhole();
      return await this.#playOn(cluster, scenario, { earlier: [], startedInMs: performance.now() - begunAt });
    }
    try {
      this.#shared ??= await PodCluster.start({ release, flags, pods: 3, members: 3 });
      return await this.#playOn(this.#shared, scenario, { earlier: this.#writers, startedInMs: undefined });
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    this.#writers = [];
    await shared?.[Symbol.asyncDispose]();
  }

  async #playOn(
    cluster: PodCluster,
    scenario: Scenario,
    { earlier, startedInMs }: { readonly earlier: RecordingWriter[]; readonly startedInMs: number | undefined },
  ): Promise<Played> {
    const { random, length, release } = this.#options;
    const leader = await cluster.untilWhole();
    const { clusterId } = await leader.gateway.status();
    this.#number += 1;
    const writer = new RecordingWriter(cluster, `scenario/${this.#number}/`);
    const watch = new ProtectionWatch(cluster.store.view, writer);
    const notes: string[] = [];
    let isNewCluster = false;
    let forgiven = 0;
    writer.start();
    try {
      await writer.more(20);
      const begunAt = performance.now();
      await scenario.disturb({
        cluster,
        writer,
        random,
        length,
        startedInMs,
        note: (text) => notes.push(text),
        expectNewCluster: () => {
          isNewCluster = true;
        },
        forgive: () => {
          forgiven += 1;
        },
      });
      await cluster.untilWhole();
      const untilWholeMs = performance.now() - begunAt;
      await writer.more(20);
      await writer.stop();
      await checkCluster(cluster, writer, earlier);
      await checkIdentity(cluster, isNewCluster ? undefined : clusterId);
      await watch.stop();
      assert.deepEqual([...watch.wrong], [], cluster.describe('the store was wrong'));
      const processes = cluster.pods.flatMap(({ etcd, sidecar }) => [etcd, sidecar]);
      const ended = processes.flatMap(({ unexpectedEnds }) => unexpectedEnds.splice(0));
      assert.ok(ended.length <= forgiven, ended.join('\n'));
      for (const { name, sidecar } of cluster.pods) {
        const found = fault.exec(sidecar.log())?.[0];
        assert.equal(found, undefined, `the sidecar of ${name} says: ${found}`);
      }
      earlier.push(writer);
      return {
        name: scenario.name,
        version: release.version,
        untilWholeMs,
        silenceMs: writer.longestSilenceMs,
        unprotectedMs: watch.oldestMs,
        writes: writer.acknowledged.length,
        notes,
      };
    } finally {
      await writer.stop();
      await watch.stop();
    }
  }
}

/** All members are of one cluster, and of that one where it is known. */
async function checkIdentity(cluster: PodCluster, known: string | undefined): Promise<void> {
  const ids = await Promise.all(
    cluster.members.map((pod) => eventually(() => pod.gateway.status().catch(() => undefined))),
  );
  const [first] = ids;
  for (const [place, { clusterId }] of ids.entries()) {
    assert.equal(clusterId, known ?? first?.clusterId, `the cluster of ${cluster.pod(place).name}`);
  }
}
