import type { Sidecar } from '../sidecar.ts';
import type { Access } from './access/access.ts';
import type { Coding, MetricsPage } from './metrics-page.ts';
import type { PlainRequest } from './plain-request.ts';
import { type Reply, reply } from './reply.ts';

/** Whether answers ask browsers to come back by HTTPS only. */
export type Transport = 'tls' | 'plain';

const tlsHeaders = {
  'strict-transport-security': 'max-age=31536000',
  'content-security-policy': "default-src 'self'",
} as const;

/** The same answer; over TLS with what makes browsers use only that (Strict-Transport-Security). */
export function guardedReply(answer: Reply, transport: Transport): Reply {
  return transport === 'plain' ? answer : { ...answer, headers: { ...answer.headers, ...tlsHeaders } };
}

/** Answers what probes and scrapers ask for all the time; those that never change are made once. */
export class FrequentAnswers {
  readonly #sidecar: Pick<Sidecar, 'healthy'>;
  readonly #metrics: Pick<MetricsPage, 'reply'>;
  readonly #access: Pick<Access, 'accepts'>;
  readonly #healthy: Reply;
  readonly #unhealthy: Reply;
  /** The answer at /livez. */
  readonly alive: Reply;

  constructor(request: {
    readonly sidecar: Pick<Sidecar, 'healthy'>;
    readonly metrics: Pick<MetricsPage, 'reply'>;
    readonly access: Pick<Access, 'accepts'>;
    readonly transport: Transport;
  }) {
    this.#sidecar = request.sidecar;
    this.#metrics = request.metrics;
    this.#access = request.access;
    const json = (status: number, text: string): Reply =>
      guardedReply(reply(status, { type: 'json', text }), request.transport);
    this.#healthy = json(200, '{"health":true}');
    this.#unhealthy = json(503, '{"health":false}');
    this.alive = json(200, '{"live":true}');
  }

  /** The answer at /healthz, as it is now. */
  get health(): Reply {
    return this.#sidecar.healthy ? this.#healthy : this.#unhealthy;
  }

  /** The answer to a plain request; undefined where the path is another one, or the client may not have it. Rejects as the page does. */
  to({ path, coding, authorization }: PlainRequest): Reply | undefined | Promise<Reply | undefined> {
    switch (path) {
      case '/healthz':
        return this.health;
      case '/livez':
        return this.alive;
      case '/metrics': {
        const accepted = this.#access.accepts(authorization);
        return typeof accepted === 'boolean'
          ? this.#metricsFor(accepted, coding)
          : accepted.then((known) => this.#metricsFor(known, coding));
      }
      default:
        return undefined;
    }
  }

  #metricsFor(accepted: boolean, coding: Coding): Reply | undefined | Promise<Reply> {
    return accepted ? this.#metrics.reply(coding) : undefined;
  }
}
