import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import { parseEndpoint } from '../../etcd/connection/endpoint.ts';
import { loadTransportSecurity, tlsOptions } from '../../etcd/connection/transport-security.ts';
import { inAttempts } from '../../runtime/async/attempts.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { patientPolicy } from './cluster-access.ts';

/** How long one request may take, ms. */
const ANSWER_MS = 10_000;

/** Where the wrapper listens, and what is trusted there. */
export interface WrapperPlace {
  /** Those of etcd: the wrapper is on the host of the first endpoint, and serves TLS where etcd does, with its certificate. */
  readonly connection: Pick<
    EtcdConnectionOptions,
    'endpoints' | 'caFile' | 'certFile' | 'keyFile' | 'insecureSkipVerify' | 'insecureTransport'
  >;
  readonly port: number;
  readonly random: () => number;
}

/**
 * Asks etcd-wrapper to end its etcd and itself (`POST /stop`), in four attempts. A connection that ends once the request is sent
 * counts as done: the wrapper may be gone before it has answered. Throws a {@link Failure} `wrapper_unreachable`.
 */
export async function stopWrapper(
  { connection, port, random }: WrapperPlace,
  { signal, clock }: Pick<RunContext, 'signal' | 'clock'>,
): Promise<void> {
  const [first = ''] = connection.endpoints;
  const endpoint = { ...parseEndpoint(first, { assumeSecure: !connection.insecureTransport }), port };
  const security = endpoint.secure ? await loadTransportSecurity(connection) : undefined;
  // It speaks HTTP/1.1 only.
  const tls = security === undefined ? undefined : { ...tlsOptions(endpoint, security), ALPNProtocols: ['http/1.1'] };
  const settings = { host: endpoint.host, port, path: '/stop', method: 'POST', agent: false } as const;
  const where = `${endpoint.secure ? 'https' : 'http'}://${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${port}/stop`;
  const post = async (bounds: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const request =
      tls === undefined
        ? httpRequest({ ...settings, signal: bounds })
        : httpsRequest({ ...settings, ...tls, signal: bounds });
    let isSent = false;
    request.once('finish', () => {
      isSent = request.socket?.connecting === false;
    });
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (isSent && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) {
        resolve(200);
      } else {
        reject(error);
      }
    });
    // Where it goes on with another protocol, Node ends the connection and tells of no error.
    request.once('close', () => reject(new Error('the connection ended without an answer')));
    request.end();
    const status = await promise;
    if (status < 200 || status > 299) {
      throw new Error(`it answered ${status}`);
    }
  };
  const once = async (): Promise<void> => {
    using deadline = deadlineIn(ANSWER_MS, { signal, clock });
    try {
      await deadline.bound(post(deadline.signal));
    } catch (cause) {
      signal.throwIfAborted();
      throw new Failure({
        code: 'wrapper_unreachable',
        action: 'have etcd started again by',
        object: where,
        found: deadline.isOver ? `no answer within ${ANSWER_MS / 1_000} s` : reasonOf(cause),
        remedy:
          'check --etcd-wrapper-port and that etcd-wrapper runs; etcd listens at its new peer URLs after a restart',
        cause,
      });
    }
  };
  await inAttempts(once, { policy: patientPolicy, clock, signal, random, delayAfter: () => 0 });
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code === 'ECONNREFUSED' ? 'connection refused' : cause instanceof Error ? cause.message : String(cause);
}
