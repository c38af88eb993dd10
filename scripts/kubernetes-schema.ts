import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { goEnvironment } from './lab/etcd-from-source.ts';
import { projectRoot } from './lab/project-root.ts';
import { run } from './lab/run.ts';
import { makeTempDir } from './lab/temp-dir.ts';

/** The release of k8s.io/api whose types are read; it still has the kinds of older releases. */
const version = 'v0.37.2';

/**
 * Writes `src/kube/objects/layouts.json`, how the kinds of Kubernetes are laid out, and samples of each for a test. Run it by hand
 * when a release of Kubernetes brings kinds or fields: `node scripts/kubernetes-schema.ts`. Needs Go.
 */
async function writeSchema(): Promise<void> {
  using dir = makeTempDir();
  writeFileSync(dir.join('go.mod'), 'module kubernetes-schema\n\ngo 1.24.0\n');
  writeFileSync(dir.join('main.go'), readFileSync(join(projectRoot, 'scripts/kubernetes-schema/main.go')));
  const go = (...args: readonly string[]) =>
    run('go', args, { cwd: dir.path, env: goEnvironment(), timeoutMs: 30 * 60_000 });
  await go('get', `k8s.io/api@${version}`, `k8s.io/apimachinery@${version}`, `k8s.io/client-go@${version}`);
  await go('mod', 'tidy');
  await go('run', '.', version, dir.join('layouts.json'), dir.join('samples.json'));
  writeFileSync(
    join(projectRoot, 'src/kube/objects/layouts.json'),
    `${JSON.stringify(JSON.parse(readFileSync(dir.join('layouts.json'), 'utf8')), undefined, 1)}\n`,
  );
  writeFileSync(
    join(projectRoot, 'test/fixtures/kubernetes/samples.json.gz'),
    gzipSync(readFileSync(dir.join('samples.json')), { level: 9 }),
  );
}

await writeSchema();
