import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { azureCredentials } from '../../credentials/azure.ts';
import { overriddenEndpoint } from '../../http/endpoint.ts';
import { AbsBucket } from './abs-bucket.ts';

/** Azure Blob Storage as the registry knows it. Throws `credentials_absent` and `endpoint_invalid`. */
export function absProvider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, timeouts, clock, log } = place;
  const source = azureCredentials({ role, environment, log });
  // The shared key signs each request and never travels, so plain http is allowed, as emulators and private stacks need it.
  const endpoint = overriddenEndpoint(endpointOverride);
  return {
    state: () => source.state(),
    open: async () => {
      const { fields, state } = await source.read();
      return { bucket: new AbsBucket({ container, credentials: fields, endpoint, network, timeouts, clock }), state };
    },
  };
}
