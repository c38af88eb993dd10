import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';
import type { Clock } from '../../runtime/clock.ts';
import type { Sidecar } from '../sidecar.ts';
import type { Reply } from './reply.ts';

const compress = promisify(gzip) as (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>;
/** A page is read a few times at the most: less than half of the work, for a seventh more bytes. */
const gzipOptions = { level: 1 };

/** How long a page serves those who ask next after an event that changes it, ms: a thousand requests a second must not cost a thousand pages. */
const freshMs = 250;
/** The same while no event has changed it: what is left is read from the process, of which a second shows as much. */
const sameMs = 1_000;

/** How an answer is sent. */
export type Coding = 'identity' | 'gzip';

/** A page in the forms in which it is sent. */
interface Page {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly plain: Reply;
  /** Made at a request. */
  zipped: Reply | Promise<Reply> | undefined;
}

/** The page at /metrics: made once a second at most, four times while events change it, and once for all who ask meanwhile. */
export class MetricsPage {
  readonly #sidecar: Pick<Sidecar, 'metrics' | 'metricChanges'>;
  readonly #clock: Clock;
  #page: Page | Promise<Page> | undefined;
  #madeAt = Number.NEGATIVE_INFINITY;

  /** What had changed when it was made. */
  #changes = 0;

  constructor(sidecar: Pick<Sidecar, 'metrics' | 'metricChanges'>, clock: Clock) {
    this.#sidecar = sidecar;
    this.#clock = clock;
  }

  /** The answer in a coding that the client takes: at once where it was made before. Rejects with what the sidecar throws. */
  reply(coding: Coding): Reply | Promise<Reply> {
    const page = this.#current();
    return page instanceof Promise ? page.then((made) => replyOf(made, coding)) : replyOf(page, coding);
  }

  #current(): Page | Promise<Page> {
    const now = this.#clock.monotonic();
    const age = now - this.#madeAt;
    const { metricChanges } = this.#sidecar;
    if (this.#page === undefined || age >= sameMs || (age >= freshMs && this.#changes !== metricChanges)) {
      this.#madeAt = now;
      this.#changes = metricChanges;
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

function replyOf(page: Page, coding: Coding): Reply | Promise<Reply> {
  if (coding === 'identity') {
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
