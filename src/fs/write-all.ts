import type { FileHandle } from 'node:fs/promises';
import { constants } from 'node:os';

/**
 * Writes all of `bytes`, of which a single write may take only some, as on a volume that is nearly full: at `position`, bytes from the
 * beginning of the file, or after what was written last. Throws what the file system throws.
 */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? undefined : position + done;
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at);
    done += bytesWritten;
    if (bytesWritten === 0) {
      throw Object.assign(new Error('EIO: i/o error, write'), {
        code: 'EIO',
        syscall: 'write',
        errno: -constants.errno.EIO,
      });
    }
  }
}
