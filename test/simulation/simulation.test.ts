// Takes long: thousands of simulated lives.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../../scripts/lab/eventually.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { goldenMember } from './golden-member.ts';
import { plantedFaults } from './planted-faults.ts';
import { Simulation } from './simulation.ts';

const golden = goldenMember();
const main = path.join(import.meta.dirname, 'main.ts');

/** Runs simulations in a process of their own: the hooks of the test runner make each promise several times as dear. */
function simulate(env: Readonly<Record<string, string>>): Promise<{ readonly stdout: string }> {
  const { NODE_V8_COVERAGE: _, ...inherited } = process.env;
  return promisify(execFile)(process.execPath, [main], {
    env: { ...inherited, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
}

test('lives of a cluster with its sidecars keep what was acknowledged', async () => {
  await simulate({ SIMULATION_SEEDS: process.env['SIMULATION_SEEDS'] ?? '2000', SIMULATION_PROCESSES: '2' });
});

test('a seed gives the same history again', async () => {
  const [first, second] = await Promise.all([simulate({ SIMULATION_SEED: '22' }), simulate({ SIMULATION_SEED: '22' })]);
  assert.equal(lives(first.stdout), lives(second.stdout));
});

test('a start of etcd upon a result whose sending was lost is judged by what could be known at its initialization', async () => {
  await simulate({ SIMULATION_FIRST: '55014432', SIMULATION_SEEDS: '1' });
});

test('what goes round in circles at one moment fails, with the history', async () => {
  const circles: readonly ((simulation: Simulation) => () => void)[] = [
    ({ time }) => {
      const again = (): void => void time.after(0, again);
      again();
      return () => undefined;
    },
    () => {
      let isOver = false;
      const again = (): unknown => isOver || setImmediate(again);
      again();
      return () => {
        isOver = true;
      };
    },
  ];
  for (const begin of circles) {
    let end: (() => void) | undefined;
    const simulation = new Simulation({
      golden: await golden,
      seed: 3,
      onStep: (life) => {
        end ??= begin(life);
      },
    });
    await assert.rejects(
      simulation.run(),
      /no end is seen of what happens at [\s\S]*SIMULATION_SEED=3[\s\S]* 0\.\d{3} /,
    );
    end?.();
  }
});

test('a life that never lets go of its thread is ended by another one, with the history and without its files', async () => {
  using parent = makeTempDir();
  const directory = parent.join('life');
  mkdirSync(directory);
  const script = `
    import(${JSON.stringify(path.join(import.meta.dirname, 'standstill-watch.ts'))}).then(async ({ StandstillWatch }) => {
    const watch = await StandstillWatch.start({ mostMs: 300 });
    watch.begins(7, ${JSON.stringify(directory)});
    watch.told('    0.001 etcd-0       opens ${directory}/db');
    for (;;) await undefined;
    });`;
  const failed = await promisify(execFile)(process.execPath, ['--eval', script], {
    timeout: 60_000,
  }).catch((error: unknown) => error as { readonly stderr: string; readonly signal: string });
  assert.match(
    failed.stderr,
    /^Seed 7 fails: .*does not end\n.*SIMULATION_SEED=7 .*\n {4}0\.001 etcd-0 {7}opens \/db\n$/,
  );
  assert.ok(!existsSync(directory));
});

test('an object that disappears from the store is noticed', async () => {
  const simulation = new Simulation({
    golden: await golden,
    seed: 3,
    onStep: ({ store }) => {
      const newest = [...store.objects.keys()].findLast((key) => key.includes('Incr'));
      store.objects.delete(newest ?? '');
    },
  });
  await assert.rejects(simulation.run(), /the store reached revision \d+, and now|is missing|is not in the store/);
});

test('a member that changes what it has told is noticed', async () => {
  const simulation = new Simulation({
    golden: await golden,
    seed: 3,
    onStep: ({ cluster }) => {
      const { line } = cluster;
      const [last] = line.events.splice(-1);
      if (last !== undefined) {
        line.events.push({ ...last, value: Buffer.from('something else') });
      }
    },
  });
  await assert.rejects(simulation.run(), /holds what never happened|histories are mixed|is not in the store|undone/);
});

test('what is planted to see whether it is noticed is a change of the source as it is', () => {
  for (const { name, changes } of plantedFaults) {
    for (const { file, from, to } of changes) {
      assert.ok(readFileSync(path.join(projectRoot, file), 'utf8').includes(from), `${name}: ${file}`);
      assert.notEqual(from, to, name);
    }
  }
});

test('the page of planted faults names each', () => {
  const page = readFileSync(path.join(projectRoot, 'docs/planted-faults.md'), 'utf8');
  const named = [...page.matchAll(/^\| ([^|]+?) +\| (?:\d+|> \d+) +\|/gm)].map(([, name]) => name);
  assert.deepEqual(
    named,
    plantedFaults.map(({ name }) => name),
  );
});

test('processes end with the one that has begun them, and leave no files', async () => {
  const env = { ...process.env, SIMULATION_SEEDS: '100000', SIMULATION_PROCESSES: '1' };
  const begun = spawn(process.execPath, [main], { env, stdio: 'ignore' });
  const pid = begun.pid ?? 0;
  const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const openFiles = (of: string): readonly string[] =>
    readdirSync(`/proc/${of}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${of}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  const child = await eventually(() => children() || undefined);
  const dir = await eventually(() => openFiles(child).find((path) => path.includes('etcdbrctl-test-')), {
    intervalMs: 1,
  });
  begun.kill('SIGKILL');
  // Where nothing collects orphans, one that has ended is kept as a zombie.
  const isGone = () => !existsSync(`/proc/${child}`) || readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z ');
  await eventually(() => (isGone() ? true : undefined));
  assert.ok(!existsSync(/^.*etcdbrctl-test-[^/]+/.exec(dir)?.[0] ?? dir));
});

test('a failure shows the seed and the whole history', async () => {
  const simulation = new Simulation({
    golden: await golden,
    seed: 7,
    onStep: ({ invariants }) => invariants.violated('it is Friday'),
  });
  await assert.rejects(simulation.run(), /it is Friday[\s\S]*SIMULATION_SEED=7[\s\S]* 0\.\d{3} /);
});

/** The history without how long it took. */
function lives(text: string): string {
  return text.slice(0, text.lastIndexOf('\n', text.length - 2));
}
