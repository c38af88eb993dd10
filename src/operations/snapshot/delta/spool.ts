import path from 'node:path';
import { FileAppender } from '../../../fs/appender.ts';
import { refusalOf } from '../../../fs/file-failure.ts';
import { createTemporaryFile } from '../../../fs/temporary-file.ts';
import { VolumeSpace } from '../../../fs/volume-space.ts';
import { Failure } from '../../../runtime/failure.ts';
import { noListener, type SnapshotterListener } from '../events.ts';

/** Bytes that wait in a file. Disposing frees their room; it may be done twice. */
export interface SpooledBytes extends AsyncDisposable {
  /** May be called again. */
  read(): AsyncIterable<Uint8Array>;
}

/** What is to be spooled. */
interface Spoolable {
  /** Bytes. */
  readonly size: number;
  /** Number of events. */
  readonly count: number;
  read(): AsyncIterable<Uint8Array>;
}

const readSize = 256 * 1024;

/** More events wait for the store than may. A full snapshot has to take over. */
export class SpoolFull extends Failure {}

/** Keeps what waits for a slow store in temporary files, up to a limit. */
export class DeltaSpool {
  readonly #directory: string;
  readonly #limit: number;
  readonly #listener: SnapshotterListener;
  #bytes = 0;
  #events = 0;

  constructor(options: {
    readonly directory: string;
    /** Bytes. */
    readonly limitBytes: number;
    readonly listener?: SnapshotterListener;
  }) {
    this.#directory = options.directory;
    this.#limit = options.limitBytes;
    this.#listener = options.listener ?? noListener;
  }

  /** Bytes that wait in files. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes `source` to a file. Throws a {@link SpoolFull} when there is no room, by the limit or on the disk. */
  async keep(source: Spoolable): Promise<SpooledBytes> {
    if (this.#bytes + source.size > this.#limit) {
      throw this.#full(`${this.#bytes} bytes wait already and ${this.#limit} may`);
    }
    this.#note(source, 1);
    try {
      return await this.#write(source);
    } catch (cause) {
      this.#note(source, -1);
      throw this.#full(refusalOf(cause)?.found ?? String(cause), cause);
    }
  }

  async #write(source: Spoolable): Promise<SpooledBytes> {
    await using cleanup = new AsyncDisposableStack();
    const file = cleanup.use(await createTemporaryFile(this.#directory, 'delta'));
    const appender = new FileAppender(file.handle);
    const space = await VolumeSpace.in(path.dirname(file.path));
    space.expect(source.size);
    await space.writing(async () => {
      for await (const chunk of source.read()) {
        await appender.append(chunk);
      }
      await appender.flush();
    });
    const kept = cleanup.move();
    return {
      read: () => file.handle.createReadStream({ start: 0, autoClose: false, highWaterMark: readSize }),
      [Symbol.asyncDispose]: async () => {
        if (!kept.disposed) {
          this.#note(source, -1);
          await kept.disposeAsync();
        }
      },
    };
  }

  #note({ size, count }: Spoolable, sign: 1 | -1): void {
    this.#bytes += sign * size;
    this.#events += sign * count;
    this.#listener({ type: 'spooled', bytes: this.#bytes, events: this.#events });
  }

  #full(found: string, cause?: unknown): SpoolFull {
    return new SpoolFull({
      code: 'spool_full',
      action: 'keep further events in',
      object: this.#directory,
      found,
      remedy: 'mend the store, or make room and raise --delta-spool-limit',
      cause,
    });
  }
}
