import { writeFileSync } from 'node:fs';
import { goldenObjects } from '../support/fixtures/golden-store.ts';
import type { S3Server } from '../support/servers/s3-server.ts';
import type { Rig } from './rig.ts';

/** Flags and variables that name a loopback S3 as a store, or as the source of a copy. */
export interface S3Place {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A store in the bucket `backups` at `endpoint`. */
export function s3Place(rig: Rig, endpoint: string, role: 'store' | 'source' = 'store'): S3Place {
  const file = rig.home.join('keys.json');
  writeFileSync(
    file,
    JSON.stringify({ region: 'r', accessKeyID: 'key', secretAccessKey: 'secret', s3ForcePathStyle: true }),
  );
  const flag = role === 'source' ? 'source-' : '';
  return {
    flags: [
      `--${flag}storage-provider=S3`,
      `--${flag}store-container=backups`,
      `--${flag}store-endpoint-override=${endpoint}`,
    ],
    env: { [`${role === 'source' ? 'SOURCE_' : ''}AWS_APPLICATION_CREDENTIALS_JSON`]: file },
  };
}

/** Puts a sound backup of a full and three deltas, last revision 122, under the prefix etcd-main. */
export function fillWithGolden(server: S3Server): void {
  for (const { key, bytes } of goldenObjects('etcd-3.5/gzip')) {
    server.objects.set(`etcd-main/${key}`, { size: bytes.length, bytes, modifiedAt: Date.now() });
  }
}
