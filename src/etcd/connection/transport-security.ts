import { stat } from 'node:fs/promises';
import { isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
} from 'node:tls';
import { errorText } from '../../runtime/log/error-text.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { readAtMost } from '../../runtime/read-at-most.ts';
import { isFileSystemError, systemRefusal } from '../../runtime/system-error.ts';
import type { EtcdConnectionOptions } from '../cluster.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import type { EtcdEndpoint } from './endpoint.ts';

/** What a TLS connection to a member needs: the trusted authorities and our own certificate. */
export interface TransportSecurity {
  /** PEM of the trusted authorities; undefined trusts those of the system. */
  readonly ca: Buffer | undefined;
  /** Our own certificate chain and key, PEM; both or neither. */
  readonly identity: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** False accepts any certificate. */
  readonly verify: boolean;
}

/** Where the PEM files are. */
export type SecurityFiles = Pick<EtcdConnectionOptions, 'caFile' | 'certFile' | 'keyFile' | 'insecureSkipVerify'>;

/** How often files are read at the most that change meanwhile. */
const mostReadings = 4;

/**
 * The PEM files of a connection. They are read again when they have changed: certificates are renewed while the program runs.
 */
export class TransportSecuritySource {
  readonly #files: SecurityFiles;
  readonly #log: Logger;
  #security: TransportSecurity;
  /** Times and sizes of the files that `#security` was read from. */
  #stamp: string;

  private constructor(
    files: SecurityFiles,
    state: { readonly security: TransportSecurity; readonly stamp: string },
    log: Logger,
  ) {
    this.#files = files;
    this.#log = log;
    this.#security = state.security;
    this.#stamp = state.stamp;
  }

  /** Reads the files for the first time; throws what {@link loadTransportSecurity} throws. */
  static async open(files: SecurityFiles, log: Logger): Promise<TransportSecuritySource> {
    // They may be renewed while they are read one by one: an old certificate with a new key is no pair.
    for (let left = mostReadings; ; left--) {
      const stamp = await stampOf(files);
      const security = await loadTransportSecurity(files);
      if (left === 1 || (await stampOf(files)) === stamp) {
        return new TransportSecuritySource(files, { security, stamp }, log);
      }
    }
  }

  /** The content of the files. While they cannot be read, as in the middle of a renewal, their content before. */
  async current(): Promise<TransportSecurity> {
    const stamp = await stampOf(this.#files);
    if (stamp !== this.#stamp) {
      try {
        const security = await loadTransportSecurity(this.#files);
        checkPair(security);
        this.#security = security;
        this.#stamp = stamp;
        this.#log.info('The certificates for etcd have changed and were read again');
      } catch (error) {
        this.#log.warn({ error }, `Going on with the certificates for etcd that were read before: ${errorText(error)}`);
      }
    }
    return this.#security;
  }
}

async function stampOf({ caFile, certFile, keyFile }: SecurityFiles): Promise<string> {
  const stamps = await Promise.all(
    [caFile, certFile, keyFile].map(async (path) => {
      const facts = path === undefined ? undefined : await stat(path).catch(() => undefined);
      return facts === undefined ? '' : `${facts.mtimeMs}/${facts.size}/${facts.ino}`;
    }),
  );
  return stamps.join(' ');
}

/** Throws when the key is not that of the certificate: one of the two files has been replaced and the other not yet. */
function checkPair({ ca, identity }: TransportSecurity): void {
  createSecureContext({ ...(ca === undefined ? {} : { ca }), ...(identity ?? {}) });
}

/** Reads the PEM files of `options`. Throws an {@link EtcdFailure} `etcd_options` naming the flag when one is missing or unreadable. */
export async function loadTransportSecurity(options: SecurityFiles): Promise<TransportSecurity> {
  if ((options.certFile === undefined) !== (options.keyFile === undefined)) {
    const given = options.certFile === undefined ? '--key' : '--cert';
    throw new EtcdFailure({
      code: 'etcd_options',
      action: 'present a client certificate from',
      object: String(options.certFile ?? options.keyFile),
      found: `only ${given} is given`,
      remedy: 'give both --cert and --key, or neither',
    });
  }
  const ca = options.caFile === undefined ? undefined : await readPem(options.caFile, '--cacert');
  const identity =
    options.certFile === undefined || options.keyFile === undefined
      ? undefined
      : { cert: await readPem(options.certFile, '--cert'), key: await readPem(options.keyFile, '--key') };
  return { ca, identity, verify: !options.insecureSkipVerify };
}

/**
 * Options of a TLS client connection to `endpoint`, over `socket` when one is given.
 *
 * An IP address is not sent as server name, which RFC 6066 section 3 forbids; it is still compared with the
 * certificate's addresses, because Node checks against `host` when there is no server name.
 */
export function tlsOptions(
  endpoint: EtcdEndpoint,
  security: TransportSecurity,
  socket?: Socket,
): ConnectionOptions & { readonly host: string } {
  return {
    ...(socket === undefined ? {} : { socket }),
    host: endpoint.host,
    port: endpoint.port,
    ...(isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}),
    ALPNProtocols: ['h2'],
    ca: security.ca ?? systemAuthorities(),
    ...(security.identity ?? {}),
    rejectUnauthorized: security.verify,
    checkServerIdentity: refuseCommonName,
  };
}

/**
 * Node's check of the names in a certificate, but that the common name counts for nothing, as in Go since 1.15: a certificate without
 * subject alternative names fits no host.
 */
export function refuseCommonName(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname !== undefined) {
    return checkServerIdentity(host, certificate);
  }
  const reason = 'it holds no subject alternative name; its common name does not count';
  return Object.assign(new Error(reason), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', reason });
}

/** Node's own authorities and those of the machine, which an etcd client written in Go trusts too. */
function systemAuthorities(): string[] {
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

/** Bytes of a file of certificates or of a key, at most: all authorities of a machine are half a MiB. */
const mostPemBytes = 8 * 1024 * 1024;

async function readPem(path: string, flag: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readAtMost(path, mostPemBytes);
  } catch (cause) {
    throw new EtcdFailure({
      code: 'etcd_options',
      action: 'read the PEM file',
      object: path,
      found: isFileSystemError(cause) ? systemRefusal(cause).found : errorText(cause),
      remedy: `check ${flag}`,
      cause,
    });
  }
  if (!bytes.includes('-----BEGIN ')) {
    throw new EtcdFailure({
      code: 'etcd_options',
      action: 'read the PEM file',
      object: path,
      found: 'it holds no PEM block',
      remedy: `check ${flag}`,
    });
  }
  return bytes;
}
