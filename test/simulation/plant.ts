/**
 * Plants one fault after the other in a copy of the source and simulates until it is noticed: PLANTED_SEEDS lives at most (2000) from
 * seed 1 on. PLANTED_ONLY is a pattern of names. Prints a table of the seeds that have noticed them; ends with 1 when one was not.
 */
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { type PlantedFault, plantedFaults } from './planted-faults.ts';

const seeds = process.env['PLANTED_SEEDS'] ?? '2000';
const only = new RegExp(process.env['PLANTED_ONLY'] ?? '');
/** A fault may have a life stand still in a loop: that is noticed, too. */
const longestMs = 15 * 60_000;

using copy = makeTempDir();
for (const part of ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', '.cache/native']) {
  cpSync(join(projectRoot, part), copy.join(part), { recursive: true });
}
symlinkSync(join(projectRoot, 'node_modules'), copy.join('node_modules'));
for (const fault of plantedFaults.filter(({ name }) => only.test(name))) {
  const found = await noticed(fault);
  process.exitCode ??= found === undefined ? 1 : undefined;
  process.stdout.write(`| ${fault.name} | ${found?.seed ?? 'NOT NOTICED'} | ${found?.how ?? ''} |\n`);
}

async function noticed({ changes }: PlantedFault): Promise<{ seed: string; how: string } | undefined> {
  const sources = changes.map(({ file }) => ({ path: copy.join(file), text: readFileSync(copy.join(file), 'utf8') }));
  for (const { file, from, to } of changes) {
    const path = copy.join(file);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(from, () => to),
    );
  }
  try {
    await promisify(execFile)(process.execPath, [copy.join('test/simulation/main.ts')], {
      env: { ...process.env, SIMULATION_FIRST: '1', SIMULATION_SEEDS: seeds, SIMULATION_PROCESSES: '1' },
      maxBuffer: 64 * 1024 * 1024,
      timeout: longestMs,
    });
    return undefined;
  } catch (error) {
    const { stderr = '', killed = false } = error as { readonly stderr?: string; readonly killed?: boolean };
    const [, seed, how] = /^Seed (\d+) fails: (.*)$/m.exec(stderr) ?? [];
    if (killed) {
      return { seed: 'some', how: 'a life that does not end' };
    }
    if (seed === undefined || how === undefined) {
      throw error;
    }
    return { seed, how };
  } finally {
    for (const { path, text } of sources) {
      writeFileSync(path, text);
    }
  }
}
