import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { openShiftCredentials } from '../../credentials/openshift.ts';
import { compatibleService } from '../s3/compatible-service.ts';
import { S3Bucket } from '../s3/s3-bucket.ts';

/** OpenShift Container Storage as the registry knows it: S3's protocol, path style. Throws `credentials_…` and `endpoint_invalid`. */
export function ocsProvider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, timeouts, clock, log } = place;
  const source = openShiftCredentials({ role, environment, log });
  return {
    state: () => source.state(),
    open: async () => {
      const { fields, state } = await source.read();
      const written = `the field "endpoint" of ${source.location}`;
      const settings = compatibleService({
        ...fields,
        bucket: container,
        endpoint: endpointOverride ?? fields.endpoint,
        origin: endpointOverride === undefined ? written : '--store-endpoint-override',
      });
      return { bucket: new S3Bucket(settings, { clock, network, timeouts }), state };
    },
  };
}
