import { type Environment, variable } from '../../../runtime/environment.ts';
import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { type AwsCredentials, awsCredentials, awsVariable, readWebIdentityToken } from '../../credentials/aws.ts';
import { credentialFailure } from '../../credentials/credential-failure.ts';
import { OptionalCredentials } from '../../credentials/optional-credentials.ts';
import { overriddenEndpoint, parseEndpoint } from '../../http/endpoint.ts';
import { refuseInClear } from '../../http/secrets-in-clear.ts';
import { S3Bucket } from './s3-bucket.ts';
import { faultOfSdk } from './s3-error.ts';
import type { S3Identity, S3Settings } from './s3-settings.ts';

/** The secret signs each request and never travels, so plain http is allowed; customer keys and session tokens do travel. */
const SCHEMES = ['http', 'https'] as const;

/** AWS S3, or a service that speaks its protocol, as the registry knows it. Throws `endpoint_invalid`. */
export function s3Provider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, timeouts, clock, log } = place;
  const source = new OptionalCredentials(awsCredentials({ role, environment, log }), {
    variable: awsVariable(role),
    instead: 'the AWS SDK looks for credentials by itself',
    log,
  });
  const override = overriddenEndpoint(endpointOverride);
  return {
    state: () => source.state(),
    open: async () => {
      const read = await source.read();
      const origin = `the field "endpoint" of ${source.location}`;
      const written = read?.fields.endpoint;
      const endpoint =
        override ?? (written === undefined ? undefined : parseEndpoint(written, { origin, schemes: SCHEMES }));
      const region = read?.fields.region ?? regionOf(environment);
      const settings = settingsOf(read?.fields, { bucket: container, endpoint, region });
      refuseSecretsInClear(settings, override === undefined ? origin : '--store-endpoint-override');
      if (settings.identity.kind === 'web identity') {
        // Better refused now than at the first request.
        await readWebIdentityToken(settings.identity.tokenPath);
      }
      const bucket = new S3Bucket(settings, { clock, network, timeouts });
      if (settings.identity.kind === 'default chain') {
        await requireIdentity(bucket, source);
      }
      return { bucket, state: read?.state ?? '' };
    },
  };
}

/**
 * Looks for region and credentials where the SDK does, before anything depends on them. Throws a Failure `credentials_absent` when
 * there are none; other faults show at the first request, which may be repeated.
 */
async function requireIdentity(
  bucket: S3Bucket,
  { variable, lacking }: OptionalCredentials<AwsCredentials>,
): Promise<void> {
  try {
    await bucket.findIdentity();
  } catch (error) {
    const { found } = faultOfSdk(error) ?? {};
    if (found === undefined) {
      return;
    }
    await bucket[Symbol.asyncDispose]();
    throw credentialFailure('absent', {
      where: variable,
      found: `${lacking}, and in the variables of AWS, ~/.aws and the role of this machine ${found}`,
      remedy: `set ${variable} or ${variable}_JSON to a path that exists, or AWS_REGION with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    });
  }
}

/** The region of the variable that other tools read and the SDK does not; undefined where the SDK finds one, or there is none. */
function regionOf(environment: Environment): string | undefined {
  return variable(environment, 'AWS_REGION') === undefined ? variable(environment, 'AWS_DEFAULT_REGION') : undefined;
}

/** Throws `endpoint_invalid` for http:// with a secret that travels. Those the SDK finds by itself are stopped at the request. */
function refuseSecretsInClear({ endpoint, sse, identity }: S3Settings, origin: string): void {
  const secret =
    sse !== undefined
      ? 'the customer key (sseCustomerKey)'
      : identity.kind === 'web identity'
        ? 'the session token of the role'
        : undefined;
  if (endpoint !== undefined && secret !== undefined) {
    refuseInClear(endpoint, { origin, secret });
  }
}

function settingsOf(
  fields: AwsCredentials | undefined,
  place: { readonly bucket: string; readonly endpoint: string | undefined; readonly region: string | undefined },
): S3Settings {
  const { sseCustomerKey: key, sseCustomerAlgorithm: algorithm } = fields ?? {};
  return {
    bucket: place.bucket,
    region: place.region,
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
