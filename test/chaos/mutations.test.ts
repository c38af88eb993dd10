import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MUTATION_TARGETS, runMutations } from '../support/mutation/mutation-run.ts';

/** `make test-mutations` asks for 10,000 in all; a plain `make test` takes a small sample. */
const count = Math.ceil(Number(process.env['MUTATIONS'] ?? '150') / MUTATION_TARGETS.length);
const seed = Number(process.env['MUTATION_SEED'] ?? '1');

/** Bytes the process may hold in all while it reads damaged files of less than half a megabyte. */
const MEMORY = 1.5 * 1024 ** 3;

for (const target of MUTATION_TARGETS) {
  test(`a damaged ${target} is reported, or read as it was, or as etcd reads it`, async (t) => {
    const findings: string[] = [];
    const counts = await runMutations({ target, count, seed, onFinding: (finding) => findings.push(finding) });
    t.diagnostic(`${target}: ${counts.reported} reported, ${counts.same} the same, ${counts.agreed} as etcd reads it`);
    assert.deepEqual(findings, []);
    assert.equal(counts.reported + counts.same + counts.agreed, count);
    assert.ok(process.resourceUsage().maxRSS * 1024 < MEMORY, `${process.resourceUsage().maxRSS} KiB`);
  });
}
