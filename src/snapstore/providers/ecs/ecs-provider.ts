import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { ecsCredentials } from '../../credentials/ecs.ts';
import { variablePrefix } from '../../store-role.ts';
import { compatibleService } from '../s3/compatible-service.ts';
import { S3Bucket } from '../s3/s3-bucket.ts';

/** ECS has no regions; requests are signed for this one. */
const REGION = 'US-Standard';

/** Dell EMC ECS as the registry knows it: S3's protocol, path style, credentials from the environment only. Throws `credentials_…` and `endpoint_invalid`. */
export function ecsProvider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, timeouts, clock } = place;
  const source = ecsCredentials({ role, environment });
  return {
    state: () => source.state(),
    open: async () => {
      const { fields, state } = await source.read();
      const settings = compatibleService({
        bucket: container,
        region: REGION,
        endpoint: endpointOverride ?? fields.ECS_ENDPOINT,
        origin: endpointOverride === undefined ? `${variablePrefix(role)}ECS_ENDPOINT` : '--store-endpoint-override',
        accessKeyID: fields.ECS_ACCESS_KEY_ID,
        secretAccessKey: fields.ECS_SECRET_ACCESS_KEY,
        disableSSL: fields.ECS_DISABLE_SSL,
        insecureSkipVerify: fields.ECS_INSECURE_SKIP_VERIFY,
      });
      return { bucket: new S3Bucket(settings, { clock, network, timeouts }), state };
    },
  };
}
