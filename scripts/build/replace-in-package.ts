import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** One change to one file of a package, made while it is bundled. */
export interface Replacement {
  /** What for, as the error names it. */
  readonly name: string;
  /** Matches the absolute path of the file. */
  readonly file: RegExp;
  /** Gives the new source; `path` is the file's own. */
  readonly rewrite: (source: string, path: string) => string;
}

/** Replaces `from`, which must occur in `source` exactly once, by `to`. Throws an Error otherwise. */
export function replaceOnce(source: string, from: string, to: string): string {
  const parts = source.split(from);
  if (parts.length !== 2) {
    throw new Error(`expected exactly once, found ${parts.length - 1} times: ${from}`);
  }
  return parts.join(to);
}

/**
 * Applies replacements, and makes sure that a new version of a package cannot quietly escape them: a replacement that no
 * longer fits its file fails the build, and so does one whose package is bundled without that file.
 */
export function replaceInPackages(replacements: readonly (Replacement & { readonly package: RegExp })[]): Plugin {
  return {
    name: 'replace-in-packages',
    setup(build) {
      const applied = new Set<string>();
      for (const { name, file, rewrite } of replacements) {
        build.onLoad({ filter: file }, async ({ path }) => {
          try {
            const contents = rewrite(await readFile(path, 'utf8'), path);
            applied.add(name);
            return { contents, loader: 'js' };
          } catch (cause) {
            return { errors: [{ text: `${name} does not fit ${path}: ${String(cause)}` }] };
          }
        });
      }
      build.onEnd(({ metafile }) => {
        const inputs = Object.keys(metafile?.inputs ?? {});
        const missed = replacements.filter(
          (replacement) => inputs.some((input) => replacement.package.test(input)) && !applied.has(replacement.name),
        );
        return { errors: missed.map(({ name }) => ({ text: `${name} found no file to change` })) };
      });
    },
  };
}
