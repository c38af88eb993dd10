/**
 * Builds what a release consists of, into .cache/release/VERSION: an archive, a .deb and a .rpm for each architecture, their bills of
 * materials, and SHA256SUMS. The same commit gives the same bytes. `--output` names another directory, `--arch` one architecture.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { architectures } from './release/architectures.ts';
import { packDebian, packRpm, packTar } from './release/packers.ts';
import { editionOf } from './release/version.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { output: { type: 'string' }, arch: { type: 'string' } } });
const edition = editionOf(root, process.env);
const outputDir = resolve(values.output ?? join(root, '.cache/release', edition.version));
const workDir = `${outputDir}.work`;
rmSync(outputDir, { recursive: true, force: true });
mkdirSync(outputDir, { recursive: true });

const files: string[] = [];
for (const architecture of architectures.filter(({ node }) => (values.arch ?? node) === node)) {
  const own = join(workDir, architecture.node);
  const executable = join(own, 'etcdbrctl');
  execFileSync(
    process.execPath,
    [
      join(root, 'scripts/build.ts'),
      ...['--arch', architecture.node, '--version', edition.version],
      ...['--output', executable, '--work-dir', join(own, 'build')],
    ],
    { stdio: 'inherit', cwd: root },
  );
  const request = { parts: { ...edition, root, executable }, architecture, workDir: join(own, 'package'), outputDir };
  files.push(packTar(request), packDebian(request), packRpm(request));
  const bill = join(outputDir, `etcdbrctl-${edition.version}-linux-${architecture.debian}.cdx.json`);
  copyFileSync(`${executable}-sbom.json`, bill);
  files.push(bill);
}
rmSync(workDir, { recursive: true, force: true });

const sums = files.toSorted().map((file) => {
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  return `${hash}  ${basename(file)}\n`;
});
writeFileSync(join(outputDir, 'SHA256SUMS'), sums.join(''));
process.stdout.write(`${outputDir}\n${sums.join('')}`);
