import { join } from 'node:path';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import type { RunCost } from '../support/processes/measured-run.ts';
import { largeMember } from './large-member.ts';
import { type Bench, type Command, measure, row } from './measure.ts';
import type { Row } from './table.ts';

/** The most that the index may add to the processor time of a full, as a share. */
const MOST = 0.05;

/**
 * What the index of a full costs: its pages are checked once without and once while the index is made, and the difference compared with
 * the processor time of the whole full. Throws where it is more than it may be.
 */
export async function indexingRows(bench: Bench, full: RunCost): Promise<readonly Row[]> {
  const database = join(await largeMember(), 'member/snap/db');
  const check = (how: 'without' | 'with index'): Command => ({
    program: process.execPath,
    args: [join(projectRoot, 'test/bench/check-pages.ts'), database, how],
  });
  const without = await measure(bench, check('without'));
  const indexed = await measure(bench, check('with index'));
  const share = (indexed.cpuMs - without.cpuMs) / full.cpuMs;
  const name = `the same, the index made: ${(share * 100).toFixed(1)} % of the CPU of a full more (at most ${MOST * 100} %)`;
  if (share > MOST) {
    throw new Error(name);
  }
  return [row('all pages of 1 GiB checked', without), row(name, indexed, without.wallMs)];
}
