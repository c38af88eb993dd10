import type { Logger } from '../runtime/log/logger.ts';
import { refusalOf } from './file-failure.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

/**
 * A temporary directory for what a command only reads or makes on the way, see {@link createTemporaryDirectory}. Where it cannot be removed, a
 * warning says so: the work is done all the same, and repeating it would leave another one.
 */
export async function createScratchDirectory(
  parent: string,
  purpose: string,
  { log }: { readonly log: Pick<Logger, 'warn'> },
): Promise<TemporaryDirectory> {
  const directory = await createTemporaryDirectory(parent, purpose);
  return {
    path: directory.path,
    [Symbol.asyncDispose]: async () => {
      try {
        await directory[Symbol.asyncDispose]();
      } catch (error) {
        const found = refusalOf(error)?.found ?? (error instanceof Error ? error.message : String(error));
        log.warn({ error: found }, `A scratch directory in ${parent} cannot be removed; a later run tries again`);
      }
    },
  };
}
