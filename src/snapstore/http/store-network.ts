import type { SecureContext } from 'node:tls';
import type { Environment } from '../../runtime/environment.ts';
import { errorText } from '../../runtime/log/error-text.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { nodeTls } from './node-tls.ts';
import { type HttpProxy, proxyFor, type RequestTarget } from './proxy-rules.ts';
import { trustedAuthorities } from './trusted-authorities.ts';

/** How stores are reached from this machine: through which proxies, and which certificates are trusted. The same for every provider. */
export interface StoreNetwork {
  /** The proxy for a request; undefined: none. Throws a Failure `endpoint_invalid`. */
  proxyFor(target: RequestTarget): HttpProxy | undefined;
  /** PEM of the authorities that are trusted; read when first needed. */
  authorities(): readonly string[];
  /** The same, ready for connections. */
  readonly trust: SecureContext;
}

/** The network as the environment describes it. */
export function storeNetwork(environment: Environment, log?: Logger): StoreNetwork {
  let found: readonly string[] | undefined;
  let trust: SecureContext | undefined;
  const authorities = (): readonly string[] => {
    found ??= trustedAuthorities(environment, (name, error) => {
      log?.warn({ error, variable: name }, `Going on without the certificates that ${name} names: ${errorText(error)}`);
    });
    return found;
  };
  return {
    authorities,
    proxyFor: (target) => proxyFor(target, environment),
    get trust() {
      trust ??= nodeTls().createSecureContext({ ca: [...authorities()] });
      return trust;
    },
  };
}

/** A network without proxies that trusts what the machine trusts. */
export const directNetwork: StoreNetwork = storeNetwork({});
