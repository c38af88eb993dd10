import { parseRelativeKey } from '../../src/snapshot/name.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';

/** The snapshot of a v2 name such as `Full-0-58-100` (numbers need no padding), or of a key that begins with `v1/` or `v2/`. */
export function snapshotNamed(name: string): Snapshot {
  const parsed = parseRelativeKey(/^v[12]\//.test(name) ? name : `v2/${name}`);
  if (parsed.outcome === 'foreign') {
    throw new Error(`"${name}" is no snapshot: ${parsed.reason}`);
  }
  return parsed.snapshot;
}
