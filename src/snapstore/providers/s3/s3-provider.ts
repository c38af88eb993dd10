import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { type AwsCredentials, awsCredentials, readWebIdentityToken } from '../../credentials/aws.ts';
import { parseEndpoint } from '../../http/endpoint.ts';
import { S3Bucket } from './s3-bucket.ts';
import type { S3Identity, S3Settings } from './s3-settings.ts';

/** The secret signs each request and never travels, so plain http is allowed. */
const SCHEMES = ['http', 'https'] as const;

/** AWS S3, or a service that speaks its protocol, as the registry knows it. Throws `endpoint_invalid`. */
export function s3Provider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, clock } = place;
  const source = awsCredentials({ role, environment });
  const override =
    endpointOverride === undefined
      ? undefined
      : parseEndpoint(endpointOverride, { origin: '--store-endpoint-override', schemes: SCHEMES });
  return {
    modifiedAt: async () => (await source?.modifiedAt()) ?? 0,
    open: async () => {
      const read = await source?.read();
      const origin = `the field "endpoint" of ${source?.location}`;
      const written = read?.fields.endpoint;
      const endpoint =
        override ?? (written === undefined ? undefined : parseEndpoint(written, { origin, schemes: SCHEMES }));
      const settings = settingsOf(read?.fields, { bucket: container, endpoint });
      if (settings.identity.kind === 'web identity') {
        // Better refused now than at the first request.
        await readWebIdentityToken(settings.identity.tokenPath);
      }
      return { bucket: new S3Bucket(settings, { clock, network }), modifiedAt: read?.modifiedAt ?? 0 };
    },
  };
}

function settingsOf(
  fields: AwsCredentials | undefined,
  place: { readonly bucket: string; readonly endpoint: string | undefined },
): S3Settings {
  const { sseCustomerKey: key, sseCustomerAlgorithm: algorithm } = fields ?? {};
  return {
    bucket: place.bucket,
    region: fields?.region,
    endpoint: place.endpoint,
    pathStyle: fields?.s3ForcePathStyle ?? false,
    identity: identityOf(fields),
    trustedCaCert: fields?.trustedCaCert,
    insecureSkipVerify: fields?.insecureSkipVerify ?? false,
    requestChecksums: fields?.requestChecksumCalculation ?? 'when_supported',
    responseChecksums: fields?.responseChecksumValidation ?? 'when_supported',
    sse:
      key === undefined || algorithm === undefined
        ? undefined
        : { SSECustomerKey: key, SSECustomerAlgorithm: algorithm },
  };
}

function identityOf({ accessKeyID, secretAccessKey, roleARN, tokenPath }: Partial<AwsCredentials> = {}): S3Identity {
  if (accessKeyID !== undefined && secretAccessKey !== undefined) {
    return { kind: 'keys', accessKeyID, secretAccessKey };
  }
  if (roleARN !== undefined && tokenPath !== undefined) {
    return { kind: 'web identity', roleARN, tokenPath };
  }
  return { kind: 'default chain' };
}
