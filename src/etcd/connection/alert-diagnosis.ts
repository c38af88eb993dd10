import { X509Certificate } from 'node:crypto';
import { type TlsAlert, tlsAlertOf } from '../../runtime/tls-alert.ts';
import type { TransportSecurity } from './transport-security.ts';

/** What was found, and what to do. */
interface Explanation {
  readonly found: string;
  readonly remedy: string;
}

/** Object identifier of the use as a client (RFC 5280 section 4.2.1.12). */
const clientAuth = '1.3.6.1.5.5.7.3.2';

/**
 * Explains a TLS alert of a server, by the code of Node's error; undefined for another code. Servers made with older Go answer with one
 * alert whatever is wrong with our certificate, so that is looked at as well. `now` is in ms since the epoch.
 */
export function explainAlert(
  code: string,
  { identity }: Pick<TransportSecurity, 'identity'>,
  now = Date.now(),
): Explanation | undefined {
  const alert = tlsAlertOf(code);
  if (alert === undefined) {
    return undefined;
  }
  const { found, remedy } = isAboutOurs(alert)
    ? identity === undefined
      ? needed
      : (explainOwnCertificate(identity.cert, now) ?? ofCertificate[alert])
    : ofConnection[alert];
  return { found: `${found} (${code})`, remedy };
}

type AboutOurs = Extract<TlsAlert, `certificate ${string}` | 'access denied'>;

function isAboutOurs(alert: TlsAlert): alert is AboutOurs {
  return alert in ofCertificate;
}

const needed: Explanation = {
  found: 'it wants a client certificate and we showed none',
  remedy: 'give --cert and --key of a client certificate that the server accepts',
};

const ofCertificate: Readonly<Record<AboutOurs, Explanation>> = {
  'certificate required': {
    found: 'it wants a client certificate, and that in --cert is of no authority or kind it asks for',
    remedy: 'give --cert and --key of a certificate that an authority in its --trusted-ca-file has signed',
  },
  'certificate of an unknown authority': {
    found: 'it does not know the authority that signed our certificate in --cert',
    remedy: 'give --cert and --key of a certificate that an authority in its --trusted-ca-file has signed',
  },
  'certificate expired': {
    found: 'it takes our certificate in --cert for expired',
    remedy: 'renew the certificate in --cert, or correct the clock of the server',
  },
  'certificate revoked': {
    found: 'our certificate in --cert is revoked',
    remedy: 'give --cert and --key of another client certificate',
  },
  'certificate refused': {
    found: 'it refused our certificate in --cert',
    remedy: 'give --cert and --key of a client certificate that an authority in its --trusted-ca-file has signed',
  },
  'certificate without its key': {
    found: 'it could not verify that the key in --key belongs to the certificate in --cert',
    remedy: 'give --cert and --key that belong together',
  },
  'access denied': {
    found: 'it allows the holder of our certificate in --cert nothing',
    remedy: 'give --cert and --key of a name that --client-cert-allowed-cn or --client-cert-allowed-hostname allows',
  },
};

const ofConnection: Readonly<Record<Exclude<TlsAlert, AboutOurs>, Explanation>> = {
  'no cipher in common': {
    found: 'there is no cipher that both sides take, or it wants a client certificate',
    remedy: 'check the ciphers of the server, and --cert and --key',
  },
  'no version in common': {
    found: 'it speaks no TLS 1.2 or newer',
    remedy: 'allow TLS 1.2 or 1.3 at the server; older versions are not safe',
  },
  'no application protocol in common': {
    found: 'it speaks TLS, but no HTTP/2',
    remedy: 'give the client port of an etcd in --endpoints',
  },
  'name not recognized': {
    found: 'it does not know the name it was asked for',
    remedy: 'use a name in --endpoints that the server has',
  },
  'internal error': {
    found: 'the server failed during the handshake, as one does that has no certificate of its own',
    remedy: 'look into its log, and check its --cert-file and --key-file',
  },
  other: { found: 'the server broke off the TLS handshake', remedy: 'look into its log' },
};

/** What anybody can see that is wrong with our certificate, PEM; undefined when there is nothing. `now` is in ms since the epoch. */
export function explainOwnCertificate(pem: Buffer, now = Date.now()): Explanation | undefined {
  const certificate = parsed(pem);
  if (certificate === undefined) {
    return undefined;
  }
  const { validFromDate, validToDate, keyUsage } = certificate;
  if (validToDate.getTime() < now) {
    return {
      found: `our certificate in --cert has expired at ${validToDate.toISOString()}`,
      remedy: 'renew the certificate in --cert',
    };
  }
  if (validFromDate.getTime() > now) {
    return {
      found: `our certificate in --cert is not valid before ${validFromDate.toISOString()}`,
      remedy: 'check the clock of this machine, and the certificate in --cert',
    };
  }
  // No list at all allows every use.
  if (keyUsage !== undefined && keyUsage.length > 0 && !keyUsage.includes(clientAuth)) {
    return {
      found: 'our certificate in --cert is not one for clients (extended key usage)',
      remedy: 'give --cert and --key of a certificate for client authentication',
    };
  }
  return undefined;
}

function parsed(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
