import fs, { type BigIntStats, type Stats } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Readable } from 'node:stream';

/** What is looked up by its name: functions of node:fs and of node:fs/promises. */
type Functions = Record<string, unknown>;
type Twin = (...parts: unknown[]) => unknown;

/** Those of node:fs/promises that have a twin which does the same at once. */
const names = [
  'access',
  'chmod',
  'chown',
  'lchown',
  'link',
  'lstat',
  'lutimes',
  'mkdir',
  'mkdtemp',
  'readFile',
  'readdir',
  'readlink',
  'realpath',
  'rename',
  'rm',
  'rmdir',
  'stat',
  'statfs',
  'symlink',
  'truncate',
  'unlink',
  'utimes',
] as const;

/**
 * From now on node:fs/promises does everything at once, in this thread. On files in memory that is several times as fast as a
 * pool of threads is asked, and no two runs differ in what was ready first. For a process that does nothing else.
 */
export function makeFilesSynchronous(): void {
  const replaced = promises as unknown as Functions;
  const twins = fs as unknown as Functions;
  for (const name of names) {
    // Looked up each time: a process may be given another one.
    replaced[name] = async (...parts: unknown[]): Promise<unknown> => (twins[`${name}Sync`] as Twin)(...parts);
  }
  replaced['open'] = async (path: string, flags?: string | number, mode?: number): Promise<SynchronousHandle> =>
    new SynchronousHandle(fs.openSync(path, flags ?? 'r', mode));
  replaced['writeFile'] = async (
    file: string | SynchronousHandle,
    content: string | Uint8Array,
    options?: fs.WriteFileOptions,
  ): Promise<void> => fs.writeFileSync(file instanceof SynchronousHandle ? file.fd : file, content, options);
  syncBuiltinESMExports();
}

/** As much of a FileHandle as the program uses. */
class SynchronousHandle implements AsyncDisposable {
  fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  async read(
    first:
      | Uint8Array
      | {
          readonly buffer: Uint8Array;
          readonly offset?: number;
          readonly length?: number;
          readonly position?: number | null;
        },
    offset?: number | { readonly offset?: number; readonly length?: number; readonly position?: number | null },
    length?: number,
    position?: number | null,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Uint8Array }> {
    const parts =
      first instanceof Uint8Array ? (typeof offset === 'object' ? offset : { offset, length, position }) : first;
    const buffer = first instanceof Uint8Array ? first : first.buffer;
    const from = parts.offset ?? 0;
    const bytesRead = fs.readSync(
      this.fd,
      buffer,
      from,
      parts.length ?? buffer.byteLength - from,
      parts.position ?? null,
    );
    return { bytesRead, buffer };
  }

  async write(
    buffer: Uint8Array,
    offset = 0,
    length: number = buffer.byteLength - offset,
    position: number | null = null,
  ): Promise<{ readonly bytesWritten: number; readonly buffer: Uint8Array }> {
    return { bytesWritten: fs.writeSync(this.fd, buffer, offset, length, position), buffer };
  }

  async writev(buffers: readonly Uint8Array[], position?: number): Promise<{ readonly bytesWritten: number }> {
    return { bytesWritten: fs.writevSync(this.fd, buffers, position) };
  }

  async readv(buffers: readonly Uint8Array[], position?: number): Promise<{ readonly bytesRead: number }> {
    return { bytesRead: fs.readvSync(this.fd, buffers, position) };
  }

  async stat(options?: { readonly bigint?: boolean }): Promise<Stats | BigIntStats> {
    return options?.bigint === true ? fs.fstatSync(this.fd, { bigint: true }) : fs.fstatSync(this.fd);
  }

  /** Files are in memory: nothing outlives the process in any case. */
  async sync(): Promise<void> {}

  async datasync(): Promise<void> {}

  async truncate(length?: number): Promise<void> {
    fs.ftruncateSync(this.fd, length);
  }

  async chmod(mode: number): Promise<void> {
    fs.fchmodSync(this.fd, mode);
  }

  async chown(uid: number, gid: number): Promise<void> {
    fs.fchownSync(this.fd, uid, gid);
  }

  async utimes(accessed: number, modified: number): Promise<void> {
    fs.futimesSync(this.fd, accessed, modified);
  }

  async readFile(options?: BufferEncoding): Promise<string | Buffer> {
    return fs.readFileSync(this.fd, options);
  }

  async writeFile(content: string | Uint8Array): Promise<void> {
    fs.writeFileSync(this.fd, content);
  }

  createReadStream({
    start = 0,
    highWaterMark = 65_536,
  }: {
    readonly start?: number;
    readonly highWaterMark?: number;
  } = {}): Readable {
    const { fd } = this;
    function* pieces(): Generator<Buffer> {
      for (let at = start; ; ) {
        const buffer = Buffer.alloc(highWaterMark);
        const count = fs.readSync(fd, buffer, 0, buffer.length, at);
        if (count === 0) {
          return;
        }
        at += count;
        yield buffer.subarray(0, count);
      }
    }
    return Readable.from(pieces(), { objectMode: false });
  }

  async close(): Promise<void> {
    if (this.fd >= 0) {
      fs.closeSync(this.fd);
      this.fd = -1;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
