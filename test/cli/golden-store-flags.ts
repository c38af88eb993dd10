import { cpSync } from 'node:fs';
import type { GoldenName } from '../support/datadir/golden.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';
import type { Rig } from './rig.ts';

/** Copies a golden backup to `store` in the rig's home and gives the flags that name it. */
export function goldenStoreFlags(rig: Rig, name: GoldenName): readonly string[] {
  cpSync(goldenStorePath(name), rig.home.join('store'), { recursive: true });
  return ['--storage-provider', 'Local', '--store-container', rig.home.join('store'), '--store-prefix', 'etcd-main'];
}
