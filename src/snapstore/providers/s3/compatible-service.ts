import { parseEndpoint } from '../../http/endpoint.ts';
import type { S3Settings } from './s3-settings.ts';

/** A service other than AWS that speaks the protocol of S3: its endpoint and an access key. */
export interface CompatibleService {
  readonly bucket: string;
  readonly region: string;
  /** With or without a scheme. */
  readonly endpoint: string;
  /** Where the endpoint was written, for messages. */
  readonly origin: string;
  readonly accessKeyID: string;
  readonly secretAccessKey: string;
  /** The scheme of an endpoint without one. */
  readonly disableSSL?: boolean | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

/**
 * Settings for services that are S3 by protocol only: path style, and checksums only where they are required, since older ones do not
 * know them. Throws `endpoint_invalid`.
 */
export function compatibleService(service: CompatibleService): S3Settings {
  const { endpoint, origin, disableSSL = false } = service;
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint)
    ? endpoint
    : `${disableSSL ? 'http' : 'https'}://${endpoint}`;
  return {
    bucket: service.bucket,
    region: service.region,
    endpoint: parseEndpoint(absolute, { origin, schemes: ['http', 'https'] }),
    pathStyle: true,
    identity: { kind: 'keys', accessKeyID: service.accessKeyID, secretAccessKey: service.secretAccessKey },
    trustedCaCert: undefined,
    insecureSkipVerify: service.insecureSkipVerify ?? false,
    requestChecksums: 'when_required',
    responseChecksums: 'when_required',
    sse: undefined,
  };
}
