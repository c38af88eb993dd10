import { Failure } from '../../runtime/failure.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { Forwarding } from '../forwarding.ts';
import type { Sidecar, SnapshotTaker } from '../sidecar.ts';
import { type Exchange, goneSignal, isOver, queryValue } from './exchange.ts';
import { goBool } from './go-bool.ts';
import { type Reply, reply } from './reply.ts';
import { discardBody } from './request-body.ts';
import { latestJson, snapshotJson } from './snapshot-json.ts';

/** Names the code of a failure where the body of an answer is empty. */
const failureHeader = 'etcdbrctl-failure';

/** The paths below /snapshot/: served by the member that leads, forwarded by the others, refused without a store. */
export class SnapshotRoutes {
  readonly #sidecar: Pick<Sidecar, 'snapshots'>;
  readonly #forwarding: Pick<Forwarding, 'forward'>;
  readonly #log: Logger;

  constructor(parts: {
    readonly sidecar: Pick<Sidecar, 'snapshots'>;
    readonly forwarding: Pick<Forwarding, 'forward'>;
    readonly log: Logger;
  }) {
    this.#sidecar = parts.sidecar;
    this.#forwarding = parts.forwarding;
    this.#log = parts.log;
  }

  /** /snapshot/full?final=BOOL */
  full(exchange: Exchange): Promise<Reply | 'sent'> {
    return this.#answer('/snapshot/full', exchange, async (taker) => {
      const given = queryValue(exchange, 'final');
      const final = given === '' ? false : goBool(given);
      return final === undefined ? undefined : snapshotJson(await taker.takeFull({ final }), 'taken');
    });
  }

  /** /snapshot/delta */
  delta(exchange: Exchange): Promise<Reply | 'sent'> {
    return this.#answer('/snapshot/delta', exchange, async (taker) => snapshotJson(await taker.takeDelta(), 'taken'));
  }

  /** /snapshot/latest */
  latest(exchange: Exchange): Promise<Reply | 'sent'> {
    return this.#answer('/snapshot/latest', exchange, async (taker) =>
      latestJson(await taker.latest({ signal: goneSignal(exchange) })),
    );
  }

  /** `act` gives the body of the answer; undefined for a query that cannot be read. */
  async #answer(
    path: string,
    exchange: Exchange,
    act: (taker: SnapshotTaker) => Promise<string | undefined>,
  ): Promise<Reply | 'sent'> {
    const access = this.#sidecar.snapshots;
    switch (access.kind) {
      case 'no store':
        discardBody(exchange);
        return reply(405);
      case 'forwards': {
        const outcome = await this.#forwarding.forward(exchange);
        return outcome === 'answered' ? 'sent' : reply(outcome);
      }
      case 'leads':
        discardBody(exchange);
        try {
          const text = await act(access.taker);
          return text === undefined ? reply(400) : reply(200, { type: 'json', text });
        } catch (error) {
          return this.#failed(path, error, exchange);
        }
      default:
        return access satisfies never;
    }
  }

  #failed(path: string, error: unknown, exchange: Exchange): Reply {
    const level = isOver(exchange) ? 'debug' : 'warn';
    this.#log[level]({ error }, `Answering ${path} with 500: ${error instanceof Error ? error.message : error}`);
    const { headers, ...answer } = reply(500);
    return {
      ...answer,
      headers: { ...headers, [failureHeader]: error instanceof Failure ? error.code : 'unexpected' },
    };
  }
}
