import type { Clock } from '../../../runtime/clock.ts';
import { limits } from '../../../runtime/limits.ts';
import type { Dashboard } from '../../dashboard/dashboard.ts';
import { type Exchange, whenOver } from '../exchange.ts';
import { type Reply, reply } from '../reply.ts';
import { discardBody } from '../request-body.ts';

/** How often changes are looked for, ms. */
const periodMs = 2_000;
/** A line without a meaning is sent so often that a dead connection is noticed by both sides, ms. */
const heartbeatMs = 15_000;
/** A viewer that has not taken this much counts as gone, bytes. */
const mostUnsent = 4 * 1024 * 1024;

interface Viewer {
  readonly write: (text: string) => void;
  readonly end: () => void;
}

/**
 * News for those who look at the dashboard, as server-sent events (WHATWG HTML section 9.2): `state` and `store`, each with the whole
 * document, whenever it has changed. Nothing runs without viewers.
 */
export class EventStream {
  readonly #dashboard: Pick<Dashboard, 'look' | 'state' | 'store'>;
  readonly #clock: Clock;
  readonly #viewers = new Set<Viewer>();
  #watching: AbortController | undefined;
  #sent = { state: '', store: '' };
  #ended = false;

  constructor(dashboard: Pick<Dashboard, 'look' | 'state' | 'store'>, clock: Clock) {
    this.#dashboard = dashboard;
    this.#clock = clock;
  }

  /** The number of viewers. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /** Serves one viewer until it goes away or the server ends; 503 when there are too many. */
  async serve(exchange: Exchange): Promise<Reply | 'sent'> {
    discardBody(exchange);
    if (this.#ended || this.#viewers.size >= limits.viewers.most) {
      const answer = reply(503);
      return { ...answer, headers: { ...answer.headers, 'retry-after': '10' } };
    }
    const { outgoing } = exchange;
    const closed = new Promise<void>((resolve) => whenOver(exchange, resolve));
    outgoing.statusCode = 200;
    for (const [name, value] of Object.entries(streamHeaders)) {
      outgoing.setHeader(name, value);
    }
    const sink: NodeJS.WritableStream & { readonly writableLength: number } = outgoing;
    const viewer: Viewer = {
      write: (text) => {
        sink.write(text);
        if (sink.writableLength > mostUnsent) {
          outgoing.destroy();
        }
      },
      end: () => void sink.end(),
    };
    this.#viewers.add(viewer);
    const { state, store } = this.#texts();
    // A client that was cut off comes again after this time, ms.
    viewer.write(`retry: 3000\n\n${this.#clockEvent()}${eventOf('state', state)}${eventOf('store', store)}`);
    this.#sent = this.#watching === undefined ? { state, store } : this.#sent;
    this.#begin();
    await closed;
    this.#viewers.delete(viewer);
    if (this.#viewers.size === 0) {
      this.#watching?.abort();
      this.#watching = undefined;
    }
    return 'sent';
  }

  /** Ends all streams, and serves none any more. */
  end(): void {
    this.#ended = true;
    for (const { end } of this.#viewers) {
      end();
    }
  }

  #begin(): void {
    if (this.#watching === undefined) {
      const watching = new AbortController();
      this.#watching = watching;
      void this.#watch(watching.signal);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    let heardAt = this.#clock.monotonic();
    while (!signal.aborted) {
      // What hangs there must not keep the rest from being sent.
      void this.#dashboard.look(signal);
      const { state, store } = this.#texts();
      const news =
        (state === this.#sent.state ? '' : eventOf('state', state)) +
        (store === this.#sent.store ? '' : eventOf('store', store));
      this.#sent = { state, store };
      const now = this.#clock.monotonic();
      if (news !== '' || now - heardAt >= heartbeatMs) {
        heardAt = now;
        for (const { write } of this.#viewers) {
          write(`${this.#clockEvent()}${news}`);
        }
      }
      await this.#clock.sleep(periodMs, signal).catch(() => {});
    }
  }

  #texts(): { readonly state: string; readonly store: string } {
    return { state: JSON.stringify(this.#dashboard.state), store: JSON.stringify(this.#dashboard.store) };
  }

  /** The time of the server, ms since the epoch: that of a browser may be wrong. */
  #clockEvent(): string {
    return eventOf('clock', String(this.#clock.now()));
  }
}

const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // A proxy of nginx would hold the pieces back.
  'x-accel-buffering': 'no',
} as const;

/** JSON has no line ends, so one line of data holds it. */
function eventOf(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
