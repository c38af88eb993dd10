import { Failure } from '../../runtime/failure.ts';

/** Where an endpoint was written, and which schemes a provider takes. */
export interface EndpointRules {
  /** The flag, variable or field that holds it, for messages. */
  readonly origin: string;
  readonly schemes: readonly ('http' | 'https')[];
}

/** The URL of `--store-endpoint-override`; undefined when it was not given. Throws what {@link parseEndpoint} throws. */
export function overriddenEndpoint(override: string | undefined): string | undefined {
  return override === undefined
    ? undefined
    : parseEndpoint(override, { origin: '--store-endpoint-override', schemes: ['http', 'https'] });
}

/**
 * Parses a store's endpoint. Throws a Failure with code `endpoint_invalid` unless it is an absolute URL with an allowed scheme and
 * without user name, password, query or fragment. It has no slash at its end.
 */
export function parseEndpoint(text: string, { origin, schemes }: EndpointRules): string {
  const refuse = (found: string, remedy: string): never => {
    throw new Failure({ code: 'endpoint_invalid', action: 'use the endpoint in', object: origin, found, remedy });
  };
  const example = `write it as ${schemes.at(-1)}://HOST[:PORT]`;
  // `host:443` parses as a URL whose scheme is `host`.
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) {
    return refuse('it is not a URL with a scheme', example);
  }
  const url = new URL(text);
  if (!schemes.some((scheme) => `${scheme}:` === url.protocol)) {
    return refuse(`its scheme is not ${schemes.join(' or ')}`, example);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return refuse('it holds more than scheme, host, port and path', example);
  }
  return url.href.replace(/\/+$/, '');
}
