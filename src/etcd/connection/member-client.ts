import {
  type ClientDuplexStream,
  type ClientReadableStream,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { Clock } from '../../runtime/clock.ts';
import { limits } from '../../runtime/limits.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import { definitionOf, Host, type Rpc } from '../rpc/rpc.ts';
import { explainRpcError, isServiceError } from '../rpc/rpc-error.ts';
import { boundedConnecting } from './bounded-connecting.ts';
import { channelOptions, credentialsFor } from './channel.ts';
import { diagnose } from './diagnosis.ts';
import { type EtcdEndpoint, hostAndPort } from './endpoint.ts';
import type { TransportSecuritySource } from './transport-security.ts';

/** Bounds and token of a call. */
export interface CallBounds {
  readonly signal: AbortSignal;
  /** The call fails after this time, ms. A stream may last without end. */
  readonly timeoutMs?: number;
  /** The token of a login; undefined without authentication. */
  readonly token: string | undefined;
}

/** What a failed call was for. */
export interface FailedCall {
  /** What was done, as it reads after "cannot". */
  readonly action: string;
  /** How far it got, such as the bytes that were received. */
  readonly progress?: string;
  /** What to do after a timeout. */
  readonly timeoutRemedy?: string;
}

/** An open stream of messages, on a connection of its own. */
export interface OpenStream<Request, Response> extends Disposable {
  readonly call: ClientDuplexStream<Request, Response> | ClientReadableStream<Response>;
}

/** Calls one endpoint of the cluster over gRPC. Calls reject with plain gRPC errors; {@link MemberClient.failure} explains them. */
export class MemberClient implements Disposable {
  readonly endpoint: EtcdEndpoint;
  readonly #security: TransportSecuritySource;
  readonly #clock: Clock;
  readonly #host: Host;

  constructor(endpoint: EtcdEndpoint, parts: { readonly security: TransportSecuritySource; readonly clock: Clock }) {
    this.endpoint = endpoint;
    this.#security = parts.security;
    this.#clock = parts.clock;
    this.#host = this.#newHost();
  }

  /** One request, one answer. */
  async unary<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Request,
    bounds: CallBounds & { readonly timeoutMs: number },
  ): Promise<Response> {
    const client = this.#host.getServiceClient(rpc.service);
    const { path, requestSerialize, responseDeserialize } = definitionOf(client, rpc);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadataFor(bounds),
      this.#callOptions(bounds),
      (error: ServiceError | null, answer?: Response) => {
        if (error === null && answer !== undefined) {
          resolve(answer);
        } else {
          reject(error ?? new Error('gRPC gave neither an answer nor an error'));
        }
      },
    );
    using _connecting = boundedConnecting(client, this.#clock, (error) => {
      reject(error);
      call.cancel();
    });
    return await untilAborted(promise, bounds.signal, () => call.cancel());
  }

  /** Sends `request` and opens the stream of answers to it. */
  serverStream<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Request,
    bounds: CallBounds,
  ): OpenStream<Request, Response> {
    return this.#stream(rpc, bounds, (client, definition) =>
      client.makeServerStreamRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        metadataFor(bounds),
        this.#callOptions(bounds),
      ),
    );
  }

  /** Opens a stream in both directions and sends `request` on it. */
  duplexStream<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Request,
    bounds: CallBounds,
  ): OpenStream<Request, Response> {
    return this.#stream(rpc, bounds, (client, definition) => {
      const metadata = metadataFor(bounds);
      // A member cut off from its cluster ends such a stream instead of staying silent.
      metadata.set('hasleader', 'true');
      const call = client.makeBidiStreamRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        metadata,
        this.#callOptions(bounds),
      );
      call.write(request);
      return call;
    });
  }

  /** The failure that explains `error`, which one of the calls threw. Anything but a gRPC error is returned as it is. */
  async failure(error: unknown, what: FailedCall): Promise<unknown> {
    if (!isServiceError(error)) {
      return error;
    }
    const meaning = explainRpcError(error);
    const lookCloser = meaning.code === 'etcd_unreachable' || meaning.code === 'etcd_timeout';
    const diagnosis = lookCloser ? await diagnose(this.endpoint, await this.#security.current()) : undefined;
    const reason = { ...meaning, ...diagnosis };
    const found = what.progress === undefined ? reason.found : `${what.progress}: ${reason.found}`;
    const remedy = reason.code === 'etcd_timeout' ? (what.timeoutRemedy ?? reason.remedy) : reason.remedy;
    // What gRPC says of it is in the text already, or worse than the diagnosis.
    return new EtcdFailure({ ...reason, action: what.action, object: this.endpoint.url, found, remedy });
  }

  [Symbol.dispose](): void {
    this.#host.close();
  }

  /**
   * Streams do not share a connection: a stream with a slow reader fills the flow control window that HTTP/2 has for the
   * whole connection, and every other call on it would have to wait.
   */
  #stream<Request, Response>(
    rpc: Rpc<Request, Response>,
    bounds: CallBounds,
    open: (
      client: ReturnType<Host['getServiceClient']>,
      definition: MethodDefinition<Request, Response>,
    ) => OpenStream<Request, Response>['call'],
  ): OpenStream<Request, Response> {
    const host = this.#newHost(rpc.mostMessageBytes);
    const client = host.getServiceClient(rpc.service);
    const call = open(client, definitionOf(client, rpc));
    const cancel = (): void => call.cancel();
    bounds.signal.addEventListener('abort', cancel, { once: true });
    // A cancelled call emits its error after the reader has left.
    call.on('error', () => {});
    const connecting = boundedConnecting(client, this.#clock, (error) => call.destroy(error));
    return {
      call,
      [Symbol.dispose]: () => {
        connecting[Symbol.dispose]();
        bounds.signal.removeEventListener('abort', cancel);
        call.cancel();
        host.close();
      },
    };
  }

  #newHost(mostMessageBytes: number = limits.answerMessage.most): Host {
    const target = hostAndPort(this.endpoint.host, this.endpoint.port);
    return new Host(target, credentialsFor(this.endpoint, this.#security), channelOptions(mostMessageBytes));
  }

  #callOptions(bounds: CallBounds): { readonly deadline?: number } {
    return bounds.timeoutMs === undefined ? {} : { deadline: this.#clock.now() + bounds.timeoutMs };
  }
}

function metadataFor({ token }: CallBounds): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) {
    metadata.set('token', token);
  }
  return metadata;
}
