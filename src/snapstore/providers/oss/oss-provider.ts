import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { alicloudCredentials } from '../../credentials/alicloud.ts';
import { overriddenEndpoint, parseEndpoint } from '../../http/endpoint.ts';
import { OssBucket } from './oss-bucket.ts';

/** Alibaba Cloud OSS as the registry knows it. Throws `credentials_absent` and `endpoint_invalid`. */
export function ossProvider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, timeouts, clock, log } = place;
  const source = alicloudCredentials({ role, environment, log });
  // The secret signs each request and never travels, so plain http is allowed.
  const schemes = ['http', 'https'] as const;
  const override = overriddenEndpoint(endpointOverride);
  return {
    state: () => source.state(),
    open: async () => {
      const { fields: credentials, state } = await source.read();
      const origin = `the field "storageEndpoint" of ${source.location}`;
      const endpoint = override ?? parseEndpoint(withScheme(credentials.storageEndpoint), { origin, schemes });
      return { bucket: new OssBucket({ container, credentials, endpoint, network, timeouts, clock }), state };
    },
  };
}

/** The vendor's pages list endpoints as bare host names. */
function withScheme(endpoint: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
}
