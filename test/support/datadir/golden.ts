import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('../../fixtures/golden/', import.meta.url));

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

/** The folder that holds `store/` and `expected.json`. */
export function goldenFolder(name: (typeof GOLDEN_NAMES)[number]): string {
  return join(ROOT, name);
}

/** The state a restore has to bring back. */
export function goldenExpected(name: (typeof GOLDEN_NAMES)[number]): ExpectedState {
  return JSON.parse(readFileSync(join(goldenFolder(name), 'expected.json'), 'utf8')) as ExpectedState;
}

/** The database inside a golden full snapshot that is compressed with gzip, its trailing hash verified and removed. */
export function goldenDatabase(name: 'etcd-3.5/gzip' | 'etcd-3.4/gzip'): Buffer {
  const folder = join(goldenFolder(name), 'store/etcd-main/v2');
  const full = readdirSync(folder).find((entry) => entry.startsWith('Full-'));
  if (full === undefined) {
    throw new Error(`no full snapshot in ${folder}`);
  }
  const bytes = gunzipSync(readFileSync(join(folder, full)));
  const db = bytes.subarray(0, -32);
  if (!createHash('sha256').update(db).digest().equals(bytes.subarray(-32))) {
    throw new Error(`the golden snapshot ${full} is damaged`);
  }
  return db;
}
