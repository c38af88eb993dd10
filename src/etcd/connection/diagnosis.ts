import { connect as tcpConnect } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { EtcdFailureCode } from '../etcd-failure.ts';
import { explainAlert, explainOwnCertificate } from './alert-diagnosis.ts';
import type { EtcdEndpoint } from './endpoint.ts';
import { type TransportSecurity, tlsOptions } from './transport-security.ts';

/** Why an endpoint cannot be connected to, and what to do. */
export interface Diagnosis {
  readonly code: EtcdFailureCode;
  readonly found: string;
  readonly remedy: string;
}

/** How long one connection may take, ms. */
const timeout = 2_000;

/**
 * Finds out why gRPC could not use an endpoint by connecting to it once more without gRPC: gRPC reports every reason
 * in the same free text, a socket has error codes. Undefined when the connection works now.
 */
export async function diagnose(endpoint: EtcdEndpoint, security: TransportSecurity): Promise<Diagnosis | undefined> {
  const error = endpoint.secure ? await tlsError(endpoint, security) : await tcpError(endpoint);
  if (error !== undefined) {
    const network = error.code === NO_HTTP2 ? otherProtocol : explainNetwork(error, endpoint);
    if (network !== undefined) {
      return network;
    }
  }
  if (!endpoint.secure) {
    if (await speaksTls(endpoint, security)) {
      return { code: 'etcd_tls', found: 'it speaks TLS', remedy: 'write https:// in --endpoints and give --cacert' };
    }
    return (await plainGreeting(endpoint)) === 'other' ? otherProtocol : undefined;
  }
  if (error === undefined) {
    return undefined;
  }
  if ((await plainGreeting(endpoint)) === 'http2') {
    return { code: 'etcd_tls', found: 'it speaks no TLS', remedy: 'write http:// in --endpoints' };
  }
  return explainTls(error, endpoint, security);
}

/** What gRPC says of it is that it failed to connect. */
const otherProtocol: Diagnosis = {
  code: 'etcd_unreachable',
  found: 'what answers there speaks no HTTP/2, and so is no etcd',
  remedy: 'give the client port of an etcd in --endpoints',
};

function explainNetwork(error: NodeJS.ErrnoException, endpoint: EtcdEndpoint): Diagnosis | undefined {
  const remedy = 'check --endpoints and that etcd is running there';
  switch (error.code) {
    case 'ECONNREFUSED':
      return { code: 'etcd_unreachable', found: 'connection refused, nothing listens there', remedy };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { code: 'etcd_unreachable', found: `the name ${endpoint.host} has no address (${error.code})`, remedy };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return { code: 'etcd_unreachable', found: `no answer (${error.code})`, remedy };
    default:
      return undefined;
  }
}

function explainTls(error: NodeJS.ErrnoException, endpoint: EtcdEndpoint, security: TransportSecurity): Diagnosis {
  const code = 'etcd_tls';
  switch (error.code) {
    case 'CERT_HAS_EXPIRED':
      return { code, found: 'its certificate has expired', remedy: 'renew the certificate of the server' };
    case 'CERT_NOT_YET_VALID':
      return { code, found: 'its certificate is not valid yet', remedy: 'check the clocks of both machines' };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        code,
        found: `its certificate is not for ${endpoint.host} (${reasonOf(error)})`,
        remedy: 'use a name in --endpoints that the certificate holds, or add this one to the certificate',
      };
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
    case 'INVALID_CA': {
      const trusted = security.ca === undefined ? 'an authority this machine trusts' : 'the authority in --cacert';
      return {
        code,
        found: `its certificate is not signed by ${trusted} (${error.code})`,
        remedy: 'give the CA certificate that signed it as --cacert',
      };
    }
    default:
      break;
  }
  const other = explainOtherProtocol(error.code ?? '') ?? explainAlert(error.code ?? '', security);
  if (other !== undefined) {
    return { code, ...other };
  }
  // Some servers break the connection without an alert.
  const own = security.identity === undefined ? undefined : explainOwnCertificate(security.identity.cert);
  if (own !== undefined) {
    return { code, found: `${own.found} (${error.code ?? 'no alert'})`, remedy: own.remedy };
  }
  return {
    code,
    found: `the TLS handshake failed (${error.code ?? error.message})`,
    remedy: 'check --cacert, --cert and --key',
  };
}

function explainOtherProtocol(code: string): Pick<Diagnosis, 'found' | 'remedy'> | undefined {
  return /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE/.test(code)
    ? { found: `what answers there speaks no TLS (${code})`, remedy: 'give the client port of an etcd in --endpoints' }
    : undefined;
}

/** The reason names the hosts that the certificate is for. */
function reasonOf(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
}

/** The error of a TCP connection; undefined when it succeeds. */
function tcpError(endpoint: EtcdEndpoint): Promise<NodeJS.ErrnoException | undefined> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  const socket = tcpConnect({ host: endpoint.host, port: endpoint.port, timeout });
  socket.once('connect', () => resolve(undefined));
  socket.once('timeout', () => resolve(timedOut()));
  socket.once('error', resolve);
  return promise.finally(() => socket.destroy());
}

/**
 * The error of a TLS connection; undefined when the server accepts it. With TLS 1.3 a server refuses our certificate only
 * after our side of the handshake is done, so this waits for the first bytes of the server.
 */
function tlsError(endpoint: EtcdEndpoint, security: TransportSecurity): Promise<NodeJS.ErrnoException | undefined> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  let socket: TLSSocket;
  try {
    socket = tlsConnect({ ...tlsOptions(endpoint, security), timeout });
  } catch (error) {
    return Promise.resolve(error as NodeJS.ErrnoException);
  }
  let secured = false;
  socket.once('secureConnect', () => {
    secured = true;
    socket.write(http2Opening);
  });
  socket.once('data', (bytes) => resolve(isSettings(bytes) ? undefined : noHttp2()));
  socket.once('timeout', () => resolve(secured ? undefined : timedOut()));
  socket.once('close', () => resolve(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  socket.once('error', resolve);
  return promise.finally(() => socket.destroy());
}

async function speaksTls(endpoint: EtcdEndpoint, security: TransportSecurity): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const anyCertificate: TransportSecurity = { ...security, verify: false };
  const socket = tlsConnect({ ...tlsOptions(endpoint, anyCertificate), timeout });
  socket.once('secureConnect', () => resolve(true));
  socket.once('timeout', () => resolve(false));
  // An alert is TLS too, such as a demand for a client certificate under TLS 1.2.
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code?.includes('ALERT') ?? false));
  socket.once('close', () => resolve(false));
  return await promise.finally(() => socket.destroy());
}

/** How a server without TLS answers the preface of a client of HTTP/2; `none` where it does not. */
async function plainGreeting(endpoint: EtcdEndpoint): Promise<'http2' | 'none' | 'other'> {
  const { promise, resolve } = Promise.withResolvers<'http2' | 'none' | 'other'>();
  const socket = tcpConnect({ host: endpoint.host, port: endpoint.port, timeout });
  socket.once('connect', () => socket.write(http2Opening));
  socket.once('data', (bytes) => resolve(isSettings(bytes) ? 'http2' : 'other'));
  socket.once('timeout', () => resolve('none'));
  socket.once('error', () => resolve('none'));
  socket.once('close', () => resolve('none'));
  return await promise.finally(() => socket.destroy());
}

/** Every HTTP/2 server begins with a SETTINGS frame (type 4; RFC 9113 section 3.4). */
function isSettings(bytes: Uint8Array): boolean {
  return bytes[3] === 4;
}

/** The client connection preface and an empty SETTINGS frame. */
const http2Opening = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');

const NO_HTTP2 = 'NO_HTTP2';

function noHttp2(): NodeJS.ErrnoException {
  return Object.assign(new Error('no HTTP/2'), { code: NO_HTTP2 });
}

function timedOut(): NodeJS.ErrnoException {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
}
