import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { credentialFailure } from '../../credentials/credential-failure.ts';
import { type GoogleCredentials, googleCredentials, googleVariable } from '../../credentials/google.ts';
import { OptionalCredentials } from '../../credentials/optional-credentials.ts';
import { overriddenEndpoint, parseEndpoint } from '../../http/endpoint.ts';
import { tokenFetch } from '../../http/token-fetch.ts';
import { GcsBucket } from './gcs-bucket.ts';
import { anonymous, createAuthorizer } from './google-authorizer.ts';

/** Google Cloud Storage as the registry knows it. Throws `credentials_absent` and `endpoint_invalid`. */
export function gcsProvider(place: BucketPlace): BucketProvider {
  const { role, container, endpointOverride, environment, network, timeouts, clock, log } = place;
  const given = googleCredentials({ role, environment });
  const source = new OptionalCredentials(given, {
    variable: googleVariable(role),
    instead: "Google's library looks for an account by itself",
    log,
  });
  const schemes = ['http', 'https'] as const;
  const override = overriddenEndpoint(endpointOverride);
  // Without a variable Google's own search finds an account; for a copy's source that would be the target's.
  if (given === undefined && role === 'source' && !isEmulator(override)) {
    const remedy = 'set it to the JSON file of a service account or an external account';
    throw credentialFailure('absent', { where: googleVariable(role), found: 'the variable is not set', remedy });
  }
  const endpointOf = (credentials: GoogleCredentials | undefined): string | undefined => {
    const written = credentials?.storageAPIEndpoint;
    const origin = `the file storageAPIEndpoint next to ${source.location}`;
    return override ?? (written === undefined ? undefined : parseEndpoint(written, { origin, schemes }));
  };
  return {
    state: () => source.state(),
    open: async () => {
      const read = await source.read();
      const endpoint = endpointOf(read?.fields);
      const authorizer = isEmulator(endpoint)
        ? anonymous
        : createAuthorizer(read?.fields.identity, {
            fetch: tokenFetch(network),
            lacking: source.lacking,
            variable: source.variable,
          });
      const bucket = new GcsBucket({ container, authorizer, endpoint, network, timeouts, clock });
      return { bucket, state: read?.state ?? '' };
    },
  };
}

/** The service itself cannot be reached without TLS, so plain http means an emulator, which asks for no authorization. */
function isEmulator(endpoint: string | undefined): boolean {
  return endpoint?.startsWith('http://') === true;
}
