import type { Clock } from '../runtime/clock.ts';
import type { Environment } from '../runtime/environment.ts';
import { Failure } from '../runtime/failure.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { BackupStore } from './backups/backup-store.ts';
import type { Opening } from './backups/decrypted-body.ts';
import type { Bucket } from './bucket.ts';
import type { BucketPlace, BucketProvider } from './bucket-provider.ts';
import { RotatingBucket } from './decorators/rotating-bucket.ts';
import { retryReport } from './http/retry-report.ts';
import { storeNetwork } from './http/store-network.ts';
import { defaultTimeouts } from './http/store-requests.ts';
import type { ProviderName } from './provider-name.ts';
import { shortRetries } from './retry-transient.ts';
import type { SnapStore } from './snapstore.ts';
import type { StoreRole } from './store-role.ts';
import { BufferPool } from './upload/buffer-pool.ts';
import type { UploadSettings } from './upload/upload-request.ts';

/** Which store to open, as the options say. */
export interface StoreConfig {
  readonly provider: ProviderName;
  /** Bucket, container or directory. Only Local has a default. */
  readonly container: string | undefined;
  /** Folder inside the container. */
  readonly prefix: string;
  readonly endpointOverride: string | undefined;
  readonly maxParallelChunkUploads: number;
  /** Bytes. */
  readonly minChunkSize: number;
  /** Which credentials are used. */
  readonly role: StoreRole;
  /**
   * `shared`: all uploads together hold as many buffers as one may, for callers with many at once.
   * Otherwise each has its own, so that a short one never waits for a long one.
   */
  readonly uploadMemory?: 'own' | 'shared';
  /** `short` where a person waits for the answer: what fails is tried again for 3.5 s, not for 31. */
  readonly patience?: 'usual' | 'short';
  /** What opens encrypted objects; nothing when left out. */
  readonly identities?: Opening;
}

/** What a store works with. */
export interface StoreSurroundings {
  readonly log: Logger;
  readonly clock: Clock;
  /** Where credentials are looked for. */
  readonly environment: Environment;
}

type ProviderLoader = () => Promise<(place: BucketPlace) => BucketProvider>;

/** Providers are loaded when they are needed, so that no command pays for the SDKs of others. */
const LOADERS: Readonly<Record<ProviderName, ProviderLoader>> = {
  S3: async () => (await import('./providers/s3/s3-provider.ts')).s3Provider,
  ABS: async () => (await import('./providers/abs/abs-provider.ts')).absProvider,
  GCS: async () => (await import('./providers/gcs/gcs-provider.ts')).gcsProvider,
  Swift: async () => (await import('./providers/swift/swift-provider.ts')).swiftProvider,
  OSS: async () => (await import('./providers/oss/oss-provider.ts')).ossProvider,
  ECS: async () => (await import('./providers/ecs/ecs-provider.ts')).ecsProvider,
  OCS: async () => (await import('./providers/ocs/ocs-provider.ts')).ocsProvider,
  Local: async () => (await import('./providers/local/local-provider.ts')).localProvider,
};

/** A bucket that may be used without the names of backups. */
export interface OpenBucket {
  readonly bucket: Bucket;
  readonly upload: UploadSettings;
}

/**
 * Opens a store without a request to it. Throws Failures with code `container_missing` and those of the
 * provider's credentials and endpoint.
 */
export async function openStore(config: StoreConfig, surroundings: StoreSurroundings): Promise<SnapStore> {
  const { bucket, upload } = await openBucket(config, surroundings);
  return new BackupStore({
    bucket,
    prefix: config.prefix,
    upload,
    log: surroundings.log,
    identities: config.identities,
  });
}

/** Like {@link openStore}, without the layout of backups. */
export async function openBucket(config: StoreConfig, surroundings: StoreSurroundings): Promise<OpenBucket> {
  const { log, clock, environment } = surroundings;
  if (config.provider !== 'Local' && (config.container === undefined || config.container === '')) {
    throw new Failure({
      code: 'container_missing',
      action: 'open the store',
      object: config.provider,
      found: 'no container is given',
      remedy: 'give a --store-container',
    });
  }
  const place = {
    role: config.role,
    container: config.container ?? '',
    endpointOverride: config.endpointOverride,
    environment,
    network: storeNetwork(environment, log),
    timeouts: {
      ...defaultTimeouts,
      ...(config.patience === 'short' ? { retries: shortRetries } : {}),
      onRetry: retryReport(surroundings),
    },
    clock,
    log,
  };
  const provider = await LOADERS[config.provider]();
  const bucket = await RotatingBucket.open(provider(place), { log, clock });
  const parallel = config.maxParallelChunkUploads;
  const shared = config.uploadMemory === 'shared' ? { buffers: new BufferPool({ count: Math.max(1, parallel) }) } : {};
  const upload = { parallel, minChunkSize: config.minChunkSize, ...shared, clock, log };
  return { bucket, upload };
}
