import type { Clock } from '../runtime/clock.ts';
import type { Environment } from '../runtime/environment.ts';
import type { Logger } from '../runtime/log/logger.ts';
import type { Bucket } from './bucket.ts';
import type { StoreNetwork } from './http/store-network.ts';
import type { RequestTimeouts } from './http/store-requests.ts';
import type { StoreRole } from './store-role.ts';

/** Which container to open, as the options say. */
export interface BucketPlace {
  readonly role: StoreRole;
  readonly container: string;
  /** `--store-endpoint-override`: wins over any endpoint in the credentials. */
  readonly endpointOverride: string | undefined;
  /** Where credentials are looked for. */
  readonly environment: Environment;
  /** Proxies and trusted certificates. */
  readonly network: StoreNetwork;
  /** How long requests may take and how often they are tried; left out: as real services need it. */
  readonly timeouts?: RequestTimeouts | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A bucket, and the state of the credentials that it was opened with. */
export interface OpenedBucket {
  readonly bucket: Bucket;
  /** What {@link BucketProvider.state} said when the credentials were read. */
  readonly state: string;
}

/** Opens buckets of one provider. Every folder of `providers` exports a function that makes one. */
export interface BucketProvider {
  /** Changes when the credentials are rotated, see `CredentialSource.state`; then the bucket is opened anew. */
  state(): Promise<string>;
  /** Reads and checks credentials and endpoint, without a request. Throws Failures with codes `credentials_…` and `endpoint_invalid`. */
  open(): Promise<OpenedBucket>;
}
