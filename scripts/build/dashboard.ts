import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';

/** Where the page of the dashboard has its source, below the root of a checkout. */
export const dashboardSource = 'src/server/http/dashboard/page';

/** The page of the dashboard: markup with its style and its script, and nothing else to load. */
export async function dashboardHtml(root: string): Promise<string> {
  const source = join(root, dashboardSource);
  const read = (name: string): string => readFileSync(join(source, name), 'utf8');
  const { outputFiles } = await build({
    entryPoints: [join(source, 'main.ts')],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'ascii',
    legalComments: 'none',
    minify: true,
    logLevel: 'warning',
  });
  const { code: style } = await transform(read('style.css'), { loader: 'css', minify: true });
  const script = outputFiles.map(({ text }) => text).join('');
  // Replaced by functions: `$&` in a script must stay what it is.
  return read('index.html')
    .replace('/*STYLE*/', () => style.trim())
    .replace('/*SCRIPT*/', () => script.trim());
}
