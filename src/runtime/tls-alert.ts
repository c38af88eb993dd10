/** Why the other side of a TLS connection broke it off, or why ours did for the same reason. */
export type TlsAlert =
  | 'certificate required'
  | 'certificate of an unknown authority'
  | 'certificate expired'
  | 'certificate revoked'
  | 'certificate refused'
  | 'certificate without its key'
  | 'access denied'
  | 'no cipher in common'
  | 'no version in common'
  | 'no application protocol in common'
  | 'name not recognized'
  | 'internal error'
  | 'other';

/**
 * What an alert means that Node reports in an error's code: `ERR_SSL_` and OpenSSL's name of it (RFC 8446 section 6.2, RFC 5246 section
 * 7.2.2). Certificates are those of our side, which the other side checks. Undefined for a code that names no alert.
 */
export function tlsAlertOf(code: string): TlsAlert | undefined {
  const name = /^ERR_SSL_(?:(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_)?(?:ALERT_)?(\w+)$/.exec(code)?.[1] ?? '';
  return Object.hasOwn(alerts, name) ? alerts[name] : code.includes('_ALERT_') ? 'other' : undefined;
}

const alerts: Readonly<Record<string, TlsAlert>> = {
  CERTIFICATE_REQUIRED: 'certificate required',
  NO_CERTIFICATE: 'certificate required',
  UNKNOWN_CA: 'certificate of an unknown authority',
  CERTIFICATE_EXPIRED: 'certificate expired',
  CERTIFICATE_REVOKED: 'certificate revoked',
  BAD_CERTIFICATE: 'certificate refused',
  UNSUPPORTED_CERTIFICATE: 'certificate refused',
  CERTIFICATE_UNKNOWN: 'certificate refused',
  DECRYPT_ERROR: 'certificate without its key',
  ACCESS_DENIED: 'access denied',
  HANDSHAKE_FAILURE: 'no cipher in common',
  INSUFFICIENT_SECURITY: 'no cipher in common',
  NO_SHARED_CIPHER: 'no cipher in common',
  NO_CIPHERS_AVAILABLE: 'no cipher in common',
  PROTOCOL_VERSION: 'no version in common',
  UNSUPPORTED_PROTOCOL: 'no version in common',
  VERSION_TOO_LOW: 'no version in common',
  INAPPROPRIATE_FALLBACK: 'no version in common',
  NO_APPLICATION_PROTOCOL: 'no application protocol in common',
  UNRECOGNIZED_NAME: 'name not recognized',
  INTERNAL_ERROR: 'internal error',
};
