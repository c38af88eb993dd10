import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import process from 'node:process';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/**
 * To be given to Node's `--import`: writes what the sources of the program import, modules that were loaded and no others, a line each,
 * into the file that RECORDED_MODULES names. Own modules have their path below src, others the name by which they are imported.
 */
const source = new URL(`file://${projectRoot}src/`).href;
const seen = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    if (context.parentURL?.startsWith(source) === true) {
      seen.add(found.url.startsWith(source) ? found.url.slice(source.length) : specifier);
    }
    return found;
  },
});
process.on('exit', () => {
  writeFileSync(process.env['RECORDED_MODULES'] ?? '/dev/null', [...seen].toSorted().join('\n'));
});
