import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

it('the quickstart brings a destroyed cluster back and leaves no files', async () => {
  using dir = makeTempDir();
  const { stdout } = await run(process.execPath, [`${projectRoot}scripts/quickstart.ts`], {
    env: { PATH: process.env['PATH'], TMPDIR: dir.path },
  });
  assert.match(stdout, /\n {3}\$ \S+ list .*\n {3}Chain 1: /);
  assert.match(stdout, /\n {3}Result: +everything is sound\n/);
  assert.match(stdout, /\nPASS: .*\nNext: docs\/day-one\.md .*\n$/);
  assert.deepEqual(readdirSync(dir.path), []);
});
