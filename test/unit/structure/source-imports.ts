import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/** One file that names another, both as paths from the project's root. */
export interface SourceImport {
  readonly from: string;
  readonly to: string;
}

/** AssemblyScript, a program of its own. */
const otherLanguage = 'src/wasm/assembly/';

/** Every file below a folder of the project, as paths from its root. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(projectRoot.length))
    .sort();
}

/** The imports in a source of TypeScript, types and lazy ones included. */
export function importsIn(from: string, source: string): readonly SourceImport[] {
  return [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)].map(([, path = '']) => ({
    from,
    to: join(dirname(from), path),
  }));
}

/** The imports of src among its own files. */
export function sourceImports(): readonly SourceImport[] {
  return filesBelow('src')
    .filter((file) => file.endsWith('.ts') && !file.startsWith(otherLanguage))
    .flatMap((file) => importsIn(file, readFileSync(join(projectRoot, file), 'utf8')));
}
