import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileFailure } from '../../fs/file-failure.ts';
import { openFile } from '../../fs/open-file.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { writeAll } from '../../fs/write-all.ts';

/** What others read, such as the collector of a node exporter: no secret is in a report. */
const mode = 0o644;

/** Writes a file that readers see as it was before or whole. Throws a Failure. */
export async function writeReport(file: string, text: string): Promise<void> {
  const target = path.resolve(file);
  // The collector reads names that end with .prom only.
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.partial`);
  try {
    const handle = await openFile(temporary, { access: 'write' });
    try {
      await writeAll(handle, Buffer.from(text));
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    await syncDirectory(path.dirname(target));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileFailure(error, { action: 'write', object: file }) ?? error;
  }
}
