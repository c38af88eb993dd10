/**
 * Runs simulations: SIMULATION_SEEDS of them (100), from the seed SIMULATION_FIRST on (1), in SIMULATION_PROCESSES processes (1), or the
 * one SIMULATION_SEED, whose history is shown. Stops at the first that fails, with its history and exit code 1.
 */
import { fork } from 'node:child_process';
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { cacheDir } from '../../scripts/lab/project-root.ts';
import { makeProcessLight } from './light-process.ts';
import { StandstillWatch } from './standstill-watch.ts';
import { makeFilesSynchronous } from './synchronous-files.ts';

const one = process.env['SIMULATION_SEED'];
const first = Number(one ?? process.env['SIMULATION_FIRST'] ?? 1);
const count = one === undefined ? Number(process.env['SIMULATION_SEEDS'] ?? 100) : 1;
const processes = Math.min(count, Number(process.env['SIMULATION_PROCESSES'] ?? 1));
const sayEvery = 1_000;
/**
 * Most of what a simulation makes is garbage at once, and what it makes outside of V8's heap is small: without the first four V8 goes
 * through the whole heap with every second life. Its last compiler takes longer than what it makes faster.
 */
const flags = [
  '--max-semi-space-size=16',
  '--initial-heap-size=256',
  '--external-memory-accounted-in-global-limit',
  '--single-threaded-gc',
  '--no-turbofan',
];

if (one === undefined && process.send === undefined) {
  await shareOut();
} else {
  // What has begun it may end before: then nobody is left to hear of the outcome.
  const left = new AbortController();
  const leave = (): void => left.abort(new Error('what has begun this process has ended'));
  process.once('disconnect', leave);
  process.channel?.unref();
  await simulateAll(left.signal);
  process.off('disconnect', leave);
}

/** Each process has its part of the seeds. The first that fails ends the others. */
async function shareOut(): Promise<void> {
  const ended = Array.from({ length: processes }, (_, at) => {
    const from = first + Math.floor((count * at) / processes);
    const upTo = first + Math.floor((count * (at + 1)) / processes);
    const child = fork(import.meta.filename, {
      execArgv: flags,
      env: { ...process.env, SIMULATION_FIRST: String(from), SIMULATION_SEEDS: String(upTo - from) },
    });
    const { promise, resolve } = Promise.withResolvers<number>();
    child.once('exit', (code) => resolve(code ?? 1));
    return { child, promise };
  });
  await Promise.all(
    ended.map(async ({ promise }) => {
      if ((await promise) !== 0) {
        process.exitCode = 1;
        for (const { child } of ended) {
          child.kill();
        }
      }
    }),
  );
}

/** Ends early, with its files removed, when the signal aborts. */
async function simulateAll(signal: AbortSignal): Promise<void> {
  enableCompileCache(path.join(cacheDir, 'compile'));
  const watch = await StandstillWatch.start();
  makeFilesSynchronous();
  if (one === undefined) {
    makeProcessLight();
  }
  const { goldenMember } = await import('./golden-member.ts');
  const { Simulation } = await import('./simulation.ts');
  const golden = await goldenMember();
  const before = process.cpuUsage();
  let happened = 0;
  let seconds = 0;
  for (let seed = first; seed < first + count; seed++) {
    const simulation = new Simulation({ seed, golden, signal, watch });
    try {
      await simulation.run();
    } catch (error) {
      process.exitCode = 1;
      if (signal.aborted) {
        return;
      }
      process.stderr.write(`Seed ${seed} fails: ${error instanceof Error ? error.message : error}\n`);
      // What goes round in circles would keep the process.
      process.exit();
    }
    happened += simulation.time.happened;
    seconds += simulation.time.now / 1_000;
    if (one !== undefined) {
      process.stdout.write(`${simulation.chronicle.text}\n`);
    }
    const done = seed - first + 1;
    if (done % sayEvery === 0 || done === count) {
      const { user, system } = process.cpuUsage(before);
      const perSeed = (user + system) / 1_000 / done;
      process.stdout.write(
        `${done} seeds from ${first} on hold: ${(seconds / 3600).toFixed(1)} hours in which ${happened} things happened; ` +
          `${perSeed.toFixed(0)} ms of a processor a seed, ${((perSeed * done * 1_000) / happened).toFixed(0)} µs a thing\n`,
      );
    }
  }
}
