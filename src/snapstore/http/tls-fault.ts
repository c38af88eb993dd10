import { type TlsAlert, tlsAlertOf } from '../../runtime/tls-alert.ts';

/** What broke a TLS handshake, and what to do about it. */
export interface TlsFault {
  readonly found: string;
  readonly remedy: string;
}

/**
 * What an error of a TLS handshake means: no other try changes it. `message` is that of the error, where Node keeps OpenSSL's words of
 * a broken handshake. Undefined for every other error.
 */
export function tlsFault(code: string, message: string): TlsFault | undefined {
  const reason = code === 'EPROTO' ? reasonIn(message) : code;
  if (isNoTls(reason)) {
    return {
      found: `what answers does not speak TLS (${code}); is its endpoint one of http?`,
      remedy: 'correct the scheme of the endpoint',
    };
  }
  const alert = tlsAlertOf(reason);
  if (alert !== undefined) {
    const [found, remedy] = alerts[alert];
    return { found: `${found} (${reason})`, remedy };
  }
  if (!isCertificateFault(code)) {
    return undefined;
  }
  const [found, remedy] = (Object.hasOwn(certificates, code) ? certificates[code] : undefined) ?? [
    "the server's certificate is not accepted",
    'check the certificate of the server',
  ];
  return { found: `${found} (${code})`, remedy };
}

/** OpenSSL's reason as Node makes codes of it; empty where there is none. */
function reasonIn(message: string): string {
  const reason =
    /:SSL routines:[^:]*:([^:]+)(?::|$)/.exec(message)?.[1] ??
    /wrong version number|packet length too long|http request/i.exec(message)?.[0];
  return reason === undefined ? '' : `ERR_SSL_${reason.trim().toUpperCase().replaceAll(' ', '_')}`;
}

/** What OpenSSL says when the other side sends something else than TLS. */
function isNoTls(code: string): boolean {
  return /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|BAD_RECORD_TYPE)$/.test(
    code,
  );
}

type Explanation = readonly [found: string, remedy: string];

const trust = 'have SSL_CERT_FILE name the certificate of its authority (for S3 also trustedCaCert in the credentials)';
const unknownAuthority: Explanation = [
  "the server's certificate is not accepted: its authority is not known here",
  trust,
];
const selfSigned: Explanation = ["the server's certificate is not accepted: it is self-signed", trust];

const certificates: Readonly<Record<string, Explanation>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  CERT_UNTRUSTED: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  CERT_HAS_EXPIRED: [
    "the server's certificate is not accepted: it has expired",
    'have it renewed, or correct the clock of this machine',
  ],
  CERT_NOT_YET_VALID: [
    "the server's certificate is not accepted: it is not valid yet",
    'correct the clock of this machine',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "the server's certificate is not accepted: it is for other names",
    'use a name in the endpoint that the certificate holds',
  ],
};

const wantsOurs: Explanation = [
  'the server wants a client certificate, which a store is never shown',
  'check the endpoint, and every proxy on the way to the store',
];
const nothingInCommon = 'allow TLS 1.2 or 1.3 and its usual ciphers at the server';

const alerts: Readonly<Record<TlsAlert, Explanation>> = {
  'certificate required': wantsOurs,
  'certificate of an unknown authority': wantsOurs,
  'certificate expired': wantsOurs,
  'certificate revoked': wantsOurs,
  'certificate refused': wantsOurs,
  'certificate without its key': wantsOurs,
  'access denied': wantsOurs,
  'no cipher in common': [
    'no cipher is taken by both sides, or the server wants a client certificate',
    nothingInCommon,
  ],
  'no version in common': ['no version of TLS is spoken by both sides', nothingInCommon],
  'no application protocol in common': ['the server speaks TLS, but no HTTP', 'check the port of the endpoint'],
  'name not recognized': [
    'the server does not know the name it was asked for',
    'use a name in the endpoint that the server has',
  ],
  'internal error': ['the server failed during the TLS handshake', 'look into its log'],
  other: ['the server broke off the TLS handshake', 'look into its log'],
};

/** The codes of OpenSSL's verification errors and of Node's own TLS checks. */
function isCertificateFault(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^CRL_|^ERR_TLS_|^ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH/.test(
    code,
  );
}
