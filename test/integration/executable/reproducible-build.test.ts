import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, createReadStream, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { bundleWorker } from '../../../scripts/build/bundle.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

it('two builds of the same sources are the same, byte for byte, wherever they are made', async () => {
  await using dir = makeTempDir();
  // Node keeps what it has compiled there: the second build finds what the first one had to compile.
  const env = { ...process.env, NODE_COMPILE_CACHE: dir.join('compile-cache') };
  const build = async (name: string, cwd: string): Promise<string> => {
    const output = dir.join(name, 'etcdbrctl');
    await run(process.execPath, [script, '--output', output, '--work-dir', dir.join(name, 'work')], { cwd, env });
    return await sha256(output);
  };
  assert.equal(await build('first', projectRoot), await build('a-second-and-longer-name', dir.path));
});

it('a bundle is the same where the packages lie elsewhere, as for a worktree that shares them', async () => {
  using dir = makeTempDir();
  const bundled = async (name: string, bring: (packages: string) => void): Promise<string> => {
    const root = dir.join(name);
    mkdirSync(root);
    bring(`${root}/node_modules`);
    writeFileSync(`${root}/entry.ts`, "import { parse } from 'yaml';\nconsole.log(parse('a'));\n");
    return (await bundleWorker({ entry: `${root}/entry.ts`, root, define: {} })).source;
  };
  const own = await bundled('own', (packages) =>
    cpSync(realpathSync(`${projectRoot}node_modules/yaml`), `${packages}/yaml`, { recursive: true }),
  );
  const shared = await bundled('shared', (packages) =>
    symlinkSync(realpathSync(`${projectRoot}node_modules`), packages),
  );
  assert.match(own, /"node_modules\/yaml\//);
  assert.ok(shared === own, 'they differ');
});

const script = `${projectRoot}scripts/build.ts`;

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
