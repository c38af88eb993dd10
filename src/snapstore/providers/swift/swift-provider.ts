import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { openStackCredentials } from '../../credentials/openstack.ts';
import { overriddenEndpoint } from '../../http/endpoint.ts';
import { refuseInClear } from '../../http/secrets-in-clear.ts';
import { SwiftBucket } from './swift-bucket.ts';

/**
 * OpenStack Swift as the registry knows it. An endpoint override takes the place of Keystone's URL, the only endpoint in the
 * credentials; where Swift itself is, Keystone's catalogue says. Throws `credentials_absent` and `endpoint_invalid`.
 */
export function swiftProvider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, timeouts, clock, log } = place;
  const source = openStackCredentials({ role, environment, log });
  const authURL = overriddenEndpoint(endpointOverride);
  return {
    state: () => source.state(),
    open: async () => {
      const { fields, state } = await source.read();
      const credentials = authURL === undefined ? fields : { ...fields, authURL };
      const origin = authURL === undefined ? `authURL of ${source.location}` : '--store-endpoint-override';
      const secret = fields.identity.kind === 'password' ? 'the password' : 'the secret of the application credential';
      refuseInClear(credentials.authURL, { origin, secret });
      return { bucket: new SwiftBucket({ container, credentials, network, timeouts, clock }), state };
    },
  };
}
