import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { CallCredentials, ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { limits } from '../../runtime/limits.ts';
import type { EtcdEndpoint } from './endpoint.ts';
import { type TransportSecuritySource, tlsOptions } from './transport-security.ts';

/**
 * Settings of every connection:
 * no proxy from the environment, as etcd's own clients have none; no message above `mostMessageBytes`, compressed or
 * expanded; pings find a peer that is gone without having closed the connection (etcd allows one every 5 s); short pauses
 * between attempts to connect; a stream may send 1 MiB before it is read; headers without end break off the connection.
 */
export function channelOptions(mostMessageBytes: number): ChannelOptions {
  return {
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': mostMessageBytes,
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.initial_reconnect_backoff_ms': 250,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc-node.flow_control_window': 1024 * 1024,
    'grpc-node.max_session_memory': limits.connectionMemory.most / 1_000_000,
  };
}

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/** How gRPC secures the connections to one endpoint. */
export function credentialsFor(endpoint: EtcdEndpoint, security: TransportSecuritySource): ChannelCredentials {
  return endpoint.secure ? new TlsCredentials(endpoint, security) : ChannelCredentials.createInsecure();
}

/**
 * TLS with exactly the options of {@link tlsOptions}. The credentials of grpc-js send an IP address as server name
 * and trust Node's authorities only.
 */
class TlsCredentials extends ChannelCredentials {
  readonly #endpoint: EtcdEndpoint;
  readonly #security: TransportSecuritySource;

  constructor(endpoint: EtcdEndpoint, security: TransportSecuritySource) {
    super();
    this.#endpoint = endpoint;
    this.#security = security;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: ChannelOptions,
    callCredentials?: CallCredentials,
  ): SecureConnector {
    return {
      connect: (socket) => this.#secure(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? CallCredentials.createEmpty(),
      destroy() {},
    };
  }

  async #secure(socket: Socket): ReturnType<SecureConnector['connect']> {
    const security = await this.#security.current();
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<SecureConnector['connect']>>>();
    const tls = tlsConnect(tlsOptions(this.#endpoint, security, socket), () => {
      resolve({ socket: tls, secure: true });
    });
    tls.once('error', reject);
    tls.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
    return promise;
  }
}
