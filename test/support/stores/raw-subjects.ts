import { writeFileSync } from 'node:fs';
import type { TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../src/runtime/environment.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import type { BucketPlace, BucketProvider } from '../../../src/snapstore/bucket-provider.ts';
import { storeNetwork } from '../../../src/snapstore/http/store-network.ts';
import type { RequestTimeouts } from '../../../src/snapstore/http/store-requests.ts';
import { absProvider } from '../../../src/snapstore/providers/abs/abs-provider.ts';
import { ecsProvider } from '../../../src/snapstore/providers/ecs/ecs-provider.ts';
import { gcsProvider } from '../../../src/snapstore/providers/gcs/gcs-provider.ts';
import { ocsProvider } from '../../../src/snapstore/providers/ocs/ocs-provider.ts';
import { ossProvider } from '../../../src/snapstore/providers/oss/oss-provider.ts';
import { s3Provider } from '../../../src/snapstore/providers/s3/s3-provider.ts';
import { swiftProvider } from '../../../src/snapstore/providers/swift/swift-provider.ts';
import { jumpingClock } from '../clock/jumping-clock.ts';
import type { RecordedLog } from '../context/recorded-log.ts';
import { type RawAnswer, rawHttp } from '../servers/raw-server.ts';

/** A provider whose store is a raw server. */
export interface RawSubject {
  readonly provider: (place: BucketPlace) => BucketProvider;
  /** Its credentials, in files of `dir` where they are no variables. */
  readonly environment: (endpoint: string, dir: TempDir) => Environment;
  /** Answered before what is tried; true where it was. */
  readonly login?: (socket: Parameters<RawAnswer>[0], head: string, endpoint: string) => boolean;
}

function file(dir: TempDir, stem: string, fields: Readonly<Record<string, unknown>>): Environment {
  const path = dir.join(`${stem}-${crypto.randomUUID()}.json`);
  writeFileSync(path, JSON.stringify(fields));
  return { [`${stem}_APPLICATION_CREDENTIALS_JSON`]: path };
}

const keystone = { username: 'u', password: 'p', tenantName: 't', domainName: 'd', region: 'r' };

/** Every provider; Swift before and after its login. */
export const rawSubjects = {
  S3: {
    provider: s3Provider,
    environment: (_, dir) =>
      file(dir, 'AWS', { region: 'r', accessKeyID: 'k', secretAccessKey: 's', s3ForcePathStyle: true }),
  },
  ECS: {
    provider: ecsProvider,
    environment: (endpoint) => ({ ECS_ENDPOINT: endpoint, ECS_ACCESS_KEY_ID: 'k', ECS_SECRET_ACCESS_KEY: 's' }),
  },
  OCS: {
    provider: ocsProvider,
    environment: (endpoint, dir) =>
      file(dir, 'OPENSHIFT', { endpoint, region: 'r', accessKeyID: 'k', secretAccessKey: 's' }),
  },
  OSS: {
    provider: ossProvider,
    environment: (_, dir) =>
      file(dir, 'ALICLOUD', { storageEndpoint: 'oss.example', accessKeyID: 'k', accessKeySecret: 's', region: 'r' }),
  },
  ABS: {
    provider: absProvider,
    environment: (_, dir) => file(dir, 'AZURE', { storageAccount: 'a', storageKey: 'a2V5' }),
  },
  GCS: { provider: gcsProvider, environment: () => ({}) },
  'Swift, at its login': {
    provider: swiftProvider,
    environment: (authURL, dir) => file(dir, 'OPENSTACK', { ...keystone, authURL }),
  },
  'Swift, after its login': {
    provider: swiftProvider,
    environment: (authURL, dir) => file(dir, 'OPENSTACK', { ...keystone, authURL }),
    login: (socket, head, endpoint) => {
      if (!head.includes('/auth/tokens')) {
        return false;
      }
      const place = { interface: 'public', url: `${endpoint}/v1/account`, region: 'r' };
      const times = { issued_at: '2026-01-01T00:00:00Z', expires_at: '2096-01-02T00:00:00Z' };
      const token = { token: { ...times, catalog: [{ type: 'object-store', endpoints: [place] }] } };
      rawHttp('201 Created', JSON.stringify(token), { 'x-subject-token': 'token' })(socket, head);
      return true;
    },
  },
} as const satisfies Readonly<Record<string, RawSubject>>;

/** Opens what is at `url` as a store of a kind. Retries come at once. */
export async function openRaw(
  { provider, environment }: RawSubject,
  url: string,
  { dir, log, timeouts }: { readonly dir: TempDir; readonly log: RecordedLog; readonly timeouts: RequestTimeouts },
): Promise<Bucket> {
  const variables = environment(url, dir);
  const { bucket } = await provider({
    role: 'primary',
    container: 'backups',
    endpointOverride: url,
    environment: variables,
    network: storeNetwork(variables, log),
    timeouts,
    clock: jumpingClock(),
    log,
  }).open();
  return bucket;
}
