/** Compiles src/wasm/assembly/NAME.ts to .cache/native/NAME.wasm, each when it is older than a file of that directory. */
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { main as compile } from 'assemblyscript/asc';

const root = join(import.meta.dirname, '..');
const sources = join(root, 'src/wasm/assembly');
const output = join(root, '.cache/native');
/** Modules that export something to the program; all others are parts of these. */
const modules = ['delta-parser', 'page-checker'];

const newest = Math.max(
  ...[...readdirSync(sources).map((name) => join(sources, name)), import.meta.filename].map(
    (file) => statSync(file).mtimeMs,
  ),
);
for (const name of modules) {
  const file = join(output, `${name}.wasm`);
  if ((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < newest) {
    mkdirSync(output, { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    // Without assertions and garbage collection: nothing is allocated. Four MiB hold all areas and some text.
    const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--initialMemory', '64'];
    const { error, stderr } = await compile([
      join(sources, `${name}.ts`),
      '--baseDir',
      '/',
      '-o',
      unfinished,
      ...flags,
    ]);
    if (error !== null) {
      throw new Error(`${name}.ts does not compile:\n${stderr.toString()}`);
    }
    renameSync(unfinished, file);
  }
  process.stdout.write(`${file}\n`);
}
