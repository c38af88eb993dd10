import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../fixtures/snapshots.ts';
import type { FakeSidecar } from './fake-sidecar.ts';

/** A full snapshot that is stored. */
export const storedFull: StoredSnapshot = {
  ...snapshotNamed('Full-00000000-00000058-1795251532.gz'),
  key: 'etcd-main/v2/Full-00000000-00000058-1795251532.gz',
  size: 100,
};

/** Lets fulls of a fake sidecar wait until `take` is called. */
export function holdFulls(sidecar: FakeSidecar): { readonly take: () => void } {
  const { promise, resolve } = Promise.withResolvers<StoredSnapshot>();
  sidecar.onFull = () => promise;
  return { take: () => resolve(storedFull) };
}
