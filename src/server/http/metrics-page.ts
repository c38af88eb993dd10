import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';
import type { Clock } from '../../runtime/clock.ts';
import type { Sidecar } from '../sidecar.ts';
import { acceptsGzip } from './accepts-gzip.ts';
import type { Reply } from './reply.ts';

const compress = promisify(gzip) as (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>;
/** A page is read a few times at the most: less than half of the work, for a seventh more bytes. */
const gzipOptions = { level: 1 };

/** How long a page serves those who ask next, ms: a thousand requests a second must not cost a thousand pages. */
const freshMs = 250;

interface Page {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Made at a request. */
  zipped?: Promise<Buffer>;
}

/** The page at /metrics: made at most four times a second, and once for all who ask meanwhile. */
export class MetricsPage {
  readonly #sidecar: Pick<Sidecar, 'metrics'>;
  readonly #clock: Clock;
  #page: Promise<Page> | undefined;
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor(sidecar: Pick<Sidecar, 'metrics'>, clock: Clock) {
    this.#sidecar = sidecar;
    this.#clock = clock;
  }

  /** The answer for what a client's Accept-Encoding says. Rejects with what the sidecar throws. */
  async reply(acceptEncoding: string | undefined): Promise<Reply> {
    const page = await this.#current();
    const headers = { 'content-type': page.contentType, vary: 'Accept-Encoding' };
    if (!acceptsGzip(acceptEncoding)) {
      return { status: 200, headers: { ...headers, 'content-length': String(page.bytes.length) }, body: page.bytes };
    }
    page.zipped ??= compress(page.bytes, gzipOptions);
    const body = await page.zipped;
    const length = String(body.length);
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip', 'content-length': length }, body };
  }

  #current(): Promise<Page> {
    const now = this.#clock.monotonic();
    if (this.#page === undefined || now - this.#madeAt >= freshMs) {
      this.#madeAt = now;
      // Bytes, as a text would become bytes again with each answer.
      const page = this.#sidecar.metrics().then(({ contentType, text }): Page => {
        return { contentType, bytes: Buffer.from(text) };
      });
      page.catch(() => {
        this.#page = undefined;
      });
      this.#page = page;
    }
    return this.#page;
  }
}
