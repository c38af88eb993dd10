import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { proveInProcess } from '../../../src/cli/verification.ts';
import { coresIn } from '../../../src/runtime/process/core-binding.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { largeChain } from '../../support/fixtures/large-chain.ts';
import { sampleProcess } from '../../support/processes/process-sample.ts';

/** More than one core gives, by what the clock of the kernel rounds. */
const mostCores = 1.2;

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The most cores that any of its threads might use. */
  readonly cores: number;
}

it('a proof takes one core, with all threads of a restore', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('store', 'v2'), { recursive: true });
  for (const { key, bytes } of largeChain().objects) {
    writeFileSync(dir.join('store', key), bytes);
  }
  const flags = new Map([
    ['storage-provider', ['Local']],
    ['store-container', [dir.join('store')]],
  ]);
  const context = { ...recordedContext(), environment: { HOME: dir.path } };
  const program = [process.execPath, `${projectRoot}src/main.ts`];
  const proving = proveInProcess({ flags, program, context, tempDir: dir.join('temp') }, context);
  const [proof, cost] = await Promise.all([proving, costOf(await childOfOurs(), proving)]);
  assert.deepEqual([proof.sound, proof.provable], [true, 9_058]);
  assert.equal(cost.cores, 1);
  assert.ok(cost.cpuMs >= 100, `it was looked at: ${cost.cpuMs} ms`);
  assert.ok(cost.cpuMs / cost.wallMs <= mostCores, `${cost.cpuMs} ms of processors in ${cost.wallMs} ms`);
});

/** The only process that this one has started. */
async function childOfOurs(): Promise<number> {
  for (;;) {
    const children = readdirSync('/proc/self/task').flatMap((thread) =>
      readFileSync(`/proc/self/task/${thread}/children`, 'latin1').trim().split(' '),
    );
    const pid = Number(children.find((text) => text !== ''));
    if (pid > 0) {
      return pid;
    }
    await sleep(1);
  }
}

/** Looks at a process until it has ended. */
async function costOf(pid: number, end: Promise<unknown>): Promise<Cost> {
  const begunAt = performance.now();
  let cost: Cost = { cpuMs: 0, wallMs: 0, cores: 0 };
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  end.then(over, over);
  while (!isOver) {
    try {
      const { cpuMs } = sampleProcess(pid);
      cost = { cpuMs, wallMs: performance.now() - begunAt, cores: Math.max(cost.cores, mostCoresOf(pid)) };
    } catch {
      // It ends.
    }
    await sleep(10);
  }
  return cost;
}

function mostCoresOf(pid: number): number {
  const counts = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    return coresIn(/^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? '').length;
  });
  return Math.max(...counts);
}
