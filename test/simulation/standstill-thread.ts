import { rmSync, writeSync } from 'node:fs';
import { setInterval as each } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { withoutPlace } from './chronicle.ts';
import { counted, type WatchedLife } from './standstill-watch.ts';

const { counts, history, mostMs } = workerData as WatchedLife;
const lookEveryMs = Math.min(1_000, mostMs);

// From now on it needs nothing of the thread that it watches.
parentPort?.postMessage('watches');
let seen = { turns: -1, usedMs: 0 };
for await (const _ of each(lookEveryMs)) {
  const turns = Atomics.load(counts, counted.turns);
  // Not the time of a clock: a process that is seldom given a processor does not stand still.
  const { user, system } = process.cpuUsage();
  const usedMs = (user + system) / 1_000;
  if (turns !== seen.turns) {
    seen = { turns, usedMs };
  } else if (usedMs - seen.usedMs > mostMs) {
    endProcess();
  }
}

function endProcess(): void {
  const text = new TextDecoder().decode(history.slice(0, Atomics.load(counts, counted.bytes)));
  const [seed, directory = '', ...lines] = text.split('\n');
  const found = `it has worked for ${mostMs / 1_000} s of a processor at one moment, and does not end`;
  writeSync(
    2,
    `Seed ${seed} fails: ${found}\nAgain: SIMULATION_SEED=${seed} make simulate\n${withoutPlace(lines.join('\n'), directory)}`,
  );
  rmSync(directory, { recursive: true, force: true });
  process.kill(process.pid, 'SIGKILL');
}
