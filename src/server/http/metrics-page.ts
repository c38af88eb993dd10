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

/** A page in the forms in which it is sent. */
interface Page {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly plain: Reply;
  /** Made at a request. */
  zipped: Reply | Promise<Reply> | undefined;
}

/** The page at /metrics: made at most four times a second, and once for all who ask meanwhile. */
export class MetricsPage {
  readonly #sidecar: Pick<Sidecar, 'metrics'>;
  readonly #clock: Clock;
  #page: Page | Promise<Page> | undefined;
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor(sidecar: Pick<Sidecar, 'metrics'>, clock: Clock) {
    this.#sidecar = sidecar;
    this.#clock = clock;
  }

  /** The answer for what a client's Accept-Encoding says: at once where it was made before. Rejects with what the sidecar throws. */
  reply(acceptEncoding: string | undefined): Reply | Promise<Reply> {
    const page = this.#current();
    const isZipped = acceptsGzip(acceptEncoding);
    return page instanceof Promise ? page.then((made) => replyOf(made, isZipped)) : replyOf(page, isZipped);
  }

  #current(): Page | Promise<Page> {
    const now = this.#clock.monotonic();
    if (this.#page === undefined || now - this.#madeAt >= freshMs) {
      this.#madeAt = now;
      this.#page = this.#make();
    }
    return this.#page;
  }

  #make(): Promise<Page> {
    const making = this.#sidecar.metrics().then(pageOf);
    // Nothing else replaces it before it is there, unless it takes longer than it is fresh.
    const settle = (page: Page | undefined): void => {
      if (this.#page === making) {
        this.#page = page;
      }
    };
    making.then(settle, () => settle(undefined));
    return making;
  }
}

function pageOf({ contentType, text }: Awaited<ReturnType<Sidecar['metrics']>>): Page {
  // Bytes, as a text would become bytes again with each answer.
  const bytes = Buffer.from(text);
  const headers = { 'content-type': contentType, vary: 'Accept-Encoding' };
  return { bytes, headers, plain: replyWith(bytes, headers), zipped: undefined };
}

function replyOf(page: Page, isZipped: boolean): Reply | Promise<Reply> {
  if (!isZipped) {
    return page.plain;
  }
  page.zipped ??= zip(page);
  return page.zipped;
}

async function zip(page: Page): Promise<Reply> {
  const body = await compress(page.bytes, gzipOptions);
  page.zipped = replyWith(body, { ...page.headers, 'content-encoding': 'gzip' });
  return page.zipped;
}

function replyWith(body: Buffer, headers: Readonly<Record<string, string>>): Reply {
  return { status: 200, headers: { ...headers, 'content-length': String(body.length) }, body };
}
