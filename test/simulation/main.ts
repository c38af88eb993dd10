/**
 * Runs simulations: SIMULATION_SEEDS of them (100), from the seed SIMULATION_FIRST on (1), or the one SIMULATION_SEED, whose history is
 * shown. Stops at the first that fails, with its history and exit code 1.
 */
import { makeProcessLight } from './light-process.ts';
import { makeFilesSynchronous } from './synchronous-files.ts';

makeFilesSynchronous();
makeProcessLight();
// What the program loads when it needs it is loaded by a life that does not count: loading takes real time.
const { goldenMember } = await import('./golden-member.ts');
const { Simulation } = await import('./simulation.ts');

const one = process.env['SIMULATION_SEED'];
const first = Number(one ?? process.env['SIMULATION_FIRST'] ?? 1);
const count = one === undefined ? Number(process.env['SIMULATION_SEEDS'] ?? 100) : 1;
const sayEvery = 1_000;

const golden = await goldenMember();
const startedAt = performance.now();
let happened = 0;
let seconds = 0;

for (let seed = first; seed < first + count; seed++) {
  const simulation = new Simulation({ seed, golden });
  try {
    await simulation.run();
  } catch (error) {
    if (process.env['KEEP_GOING']) {
      const text = error instanceof Error ? error.message : String(error);
      process.stdout.write(`SEED ${seed}: ${text.slice(0, text.indexOf('Again:')).split('\n').slice(0, 3).join(' | ').slice(0, 400)}\n`);
      continue;
    }
    process.stderr.write(`Seed ${seed} fails: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
    break;
  }
  happened += simulation.time.happened;
  seconds += simulation.time.now / 1_000;
  if (one !== undefined) {
    process.stdout.write(`${simulation.chronicle.text}\n`);
  }
  const done = seed - first + 1;
  if (done % sayEvery === 0 || done === count) {
    const perSeed = (performance.now() - startedAt) / done;
    process.stdout.write(
      `${done} seeds hold: ${(seconds / 3600).toFixed(1)} hours in which ${happened} things happened; ` +
        `${perSeed.toFixed(0)} ms a seed, ${((perSeed * done * 1_000) / happened).toFixed(0)} µs a thing\n`,
    );
  }
}
