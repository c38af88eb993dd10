import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { goldenObjects } from '../fixtures/golden-store.ts';

/** One key as `expected.json` describes it. */
export interface ExpectedKey {
  /** base64 */
  readonly key: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** Decimal. */
  readonly lease: string;
  readonly valueSha256: string;
  readonly valueSize: number;
}

/** The live etcd's state that a golden backup was taken from. */
export interface ExpectedState {
  readonly revision: number;
  readonly hashKV: number;
  readonly compactRevision: number;
  readonly keys: readonly ExpectedKey[];
  /** Leases that existed; ids are decimal. */
  readonly leases: readonly { readonly id: string }[];
}

/** Names of the golden backups: folders below test/fixtures/golden. */
export const GOLDEN_NAMES = [
  'etcd-3.5/gzip',
  'etcd-3.5/zlib',
  'etcd-3.5/lzw',
  'etcd-3.5/none',
  'etcd-3.4/gzip',
  'layout-v1',
] as const;

/** Name of a golden backup. */
export type GoldenName = (typeof GOLDEN_NAMES)[number];

/** The state a restore has to bring back. */
export function goldenExpected(name: GoldenName): ExpectedState {
  const path = `${projectRoot}test/fixtures/golden/${name}/expected.json`;
  return JSON.parse(readFileSync(path, 'utf8')) as ExpectedState;
}

/** The database inside a golden full snapshot that is compressed with gzip, its trailing hash verified and removed. */
export function goldenDatabase(name: 'etcd-3.5/gzip' | 'etcd-3.4/gzip'): Buffer {
  const full = goldenObjects(name).find(({ key }) => key.includes('Full-'));
  if (full === undefined) {
    throw new Error(`no full snapshot in ${name}`);
  }
  const bytes = gunzipSync(full.bytes);
  const db = bytes.subarray(0, -32);
  if (!createHash('sha256').update(db).digest().equals(bytes.subarray(-32))) {
    throw new Error(`the golden snapshot ${full.key} is damaged`);
  }
  return db;
}
