import { pipeline, Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { limits } from '../../runtime/limits.ts';
import { ArchiveDamage } from './archive-damage.ts';

/** One file, directory or link of an archive, without its contents. */
export interface ArchiveEntry {
  /** Relative, with `/`, without `..`. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Last change, whole seconds since the epoch. */
  readonly modified: number;
  /** Where a symbolic link leads; empty for everything else. */
  readonly target: string;
  /** Bytes of a file. They have to be read before the next entry is asked for, or are skipped. */
  readonly contents: AsyncIterable<Uint8Array>;
}

/** No certificates or manifests are as deep. */
const deepest = 200;

/** The highest id of a user (the one above means none) and the last second of the year 9999. */
const highest = { id: 0xffff_fffe, seconds: 253_402_300_799 } as const;

/** Headers and contents fill whole blocks, bytes. */
const blockSize = 512;

/** How much of an archive is read: a few compressed bytes can expand to any number. */
export interface ArchiveLimits {
  /** Bytes of the archive, expanded. */
  readonly mostBytes: number;
  readonly mostEntries: number;
}

/**
 * The entries of a tar archive (POSIX ustar and pax, GNU), one after the other. Throws {@link ArchiveDamage} for one that is
 * damaged, too large, leads out of the directory it is unpacked into, or is neither a file, a directory nor a symbolic link; and
 * whatever `archive` throws.
 */
export async function* archiveEntries(
  archive: AsyncIterable<Uint8Array>,
  { mostBytes = limits.companionArchive.most, mostEntries = limits.companionEntries.most }: Partial<ArchiveLimits> = {},
): AsyncGenerator<ArchiveEntry, void> {
  const source = new Source(archive, mostBytes);
  const parser = extract();
  pipeline(Readable.from(source.bytes()), parser as unknown as NodeJS.WritableStream, (error) => source.end(error));
  let end = 0;
  let entries = 0;
  try {
    for await (const contents of parser) {
      entries += 1;
      if (entries > mostEntries) {
        throw new ArchiveDamage(`it holds more than ${mostEntries} files`);
      }
      const { header, offset } = contents;
      end = offset + blockSize + Math.ceil(header.size / blockSize) * blockSize;
      yield { ...describe(header), contents: source.translated(contents as AsyncIterable<Uint8Array>) };
      contents.resume();
    }
  } catch (error) {
    throw await source.explain(error);
  }
  // The archive ends with a block of zeros, which is missing when it was cut after attributes that nothing follows.
  if (source.size < end + blockSize || !source.endsWithZeros) {
    throw new ArchiveDamage('it ends too early');
  }
}

/** The bytes of an archive, which remembers what reading or parsing them ended with. */
class Source {
  readonly #archive: AsyncIterable<Uint8Array>;
  readonly #mostBytes: number;
  #failure: { readonly error: unknown } | undefined;
  readonly #parsed = Promise.withResolvers<Error | undefined>();
  #size = 0;
  /** The last block, or as much as there is. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(archive: AsyncIterable<Uint8Array>, mostBytes: number) {
    this.#archive = archive;
    this.#mostBytes = mostBytes;
  }

  /** Bytes read so far. */
  get size(): number {
    return this.#size;
  }

  get endsWithZeros(): boolean {
    return this.#tail.length === blockSize && this.#tail.every((byte) => byte === 0);
  }

  async *bytes(): AsyncGenerator<Uint8Array, void> {
    let reading = true;
    try {
      for await (const bytes of this.#archive) {
        this.#size += bytes.length;
        this.#tail = Buffer.concat([this.#tail, bytes.subarray(-blockSize)]).subarray(-blockSize);
        if (this.#size > this.#mostBytes) {
          throw new ArchiveDamage(`it is larger than ${this.#mostBytes} bytes`);
        }
        reading = false;
        yield bytes;
        reading = true;
      }
    } catch (error) {
      // A parser that ends throws its own error in here.
      this.#failure = reading ? { error } : undefined;
      throw error;
    }
  }

  /** The parser takes no more, with the error that made it end. */
  end(error: Error | null | undefined): void {
    this.#parsed.resolve(error ?? undefined);
  }

  /** The entries of the parser. Its errors say whether the archive or its source is at fault. */
  async *translated(contents: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    try {
      yield* contents;
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /** The error of the source when there was one; otherwise it is the archive's fault. */
  async explain(error: unknown): Promise<unknown> {
    if (error instanceof ArchiveDamage) {
      return error;
    }
    // Contents that end early say only that their stream was destroyed.
    const cause = (await this.#parsed.promise) ?? error;
    if (this.#failure !== undefined) {
      return this.#failure.error;
    }
    const found = cause instanceof Error ? cause.message : String(cause);
    return new ArchiveDamage(`it is no valid tar archive (${found})`, { cause });
  }
}

function describe(header: Header): Omit<ArchiveEntry, 'contents'> {
  const { type, mode, linkname } = header;
  const path = safePath(header.name);
  if (type !== 'file' && type !== 'directory' && type !== 'symlink') {
    throw new ArchiveDamage(`${path} is of type ${type}; only files, directories and symbolic links are unpacked`);
  }
  const target = type === 'symlink' ? (linkname ?? '') : '';
  if (target.includes('\0') || (type === 'symlink' && target === '')) {
    throw new ArchiveDamage(`the symbolic link ${path} has no valid target`);
  }
  // What has no room in the header is among the attributes, which the library does not apply.
  const attributes = (header.pax ?? {}) as Readonly<Record<string, string>>;
  return {
    path,
    kind: type,
    // Never setuid or setgid: nothing signs the archive.
    mode: mode & 0o777,
    uid: wholeNumber(attributes['uid'] ?? header.uid, { most: highest.id, what: `owner of ${path}` }),
    gid: wholeNumber(attributes['gid'] ?? header.gid, { most: highest.id, what: `group of ${path}` }),
    modified: wholeNumber(attributes['mtime'] ?? header.mtime.getTime() / 1000, {
      most: highest.seconds,
      what: `time of ${path}`,
    }),
    target,
  };
}

function wholeNumber(value: string | number, { most, what }: { readonly most: number; readonly what: string }): number {
  const number = Math.floor(Number(value));
  if (!Number.isSafeInteger(number) || number < 0 || number > most) {
    throw new ArchiveDamage(`the ${what} is no valid number`);
  }
  return number;
}

/** The path without `.` and double slashes. Throws {@link ArchiveDamage} when it would lead out of the directory. */
function safePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const wrong = path.includes('\0')
    ? 'with a NUL in it'
    : path.startsWith('/') || parts.includes('..')
      ? 'which leads out of it'
      : parts.length === 0
        ? 'which names nothing in it'
        : undefined;
  if (wrong !== undefined) {
    throw new ArchiveDamage(`it holds the path ${JSON.stringify(path)}, ${wrong}`);
  }
  if (parts.length > deepest) {
    throw new ArchiveDamage(`it holds a path of ${parts.length} directories inside each other`);
  }
  return parts.join('/');
}
