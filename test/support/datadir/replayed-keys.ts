import { createHash } from 'node:crypto';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import type { ExpectedKey } from './golden.ts';

/** The keys of `base` after these events, in key order. */
export function replayedKeys(base: readonly ExpectedKey[], events: readonly DeltaEvent[]): readonly ExpectedKey[] {
  const keys = new Map(base.map((key) => [key.key, key]));
  for (const event of events) {
    const key = Buffer.from(event.key).toString('base64');
    keys.delete(key);
    if (event.type === 'put') {
      const { createRevision, modRevision, version, lease, value } = event;
      keys.set(key, {
        key,
        createRevision,
        modRevision,
        version,
        lease: String(lease),
        valueSha256: createHash('sha256').update(value).digest('hex'),
        valueSize: value.length,
      });
    }
  }
  return [...keys.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key, 'base64'), Buffer.from(b.key, 'base64')));
}
