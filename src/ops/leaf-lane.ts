import { fileURLToPath } from 'node:url';
import { LeafLane, type LeafLaneExports } from '../datadir/bbolt/leaf-lane.ts';
import { instantiate } from '../runtime/wasm-module.ts';

/** A lane for the leaf pages of one check at a time; 4.3 MiB of memory. */
export function newLeafLane(): LeafLane {
  const module = instantiate({
    asset: 'leaf-lane.wasm',
    file: () => fileURLToPath(new URL('../../.cache/native/leaf-lane.wasm', import.meta.url)),
  });
  return new LeafLane(module as LeafLaneExports);
}
