import * as z from 'zod/mini';
import { revision } from '../../revision.ts';
import { SnapshotDamage } from '../damage.ts';
import { MARKER_FORMAT, MARKER_SIZE_LIMIT, parseMarkerName, type StoreMarker } from './history-marker.ts';

const objectName = z.string().check(z.maxLength(200));
const schema = z.object({
  format: z.literal(MARKER_FORMAT),
  why: z.enum(['rolled_back', 'other_cluster', 'different_events', 'unproven', 'clock_behind']),
  first: objectName,
  clusterId: z.string().check(z.regex(/^[0-9a-f]{1,16}$/)),
  left: z.array(objectName).check(z.maxLength(200_000)),
  mayShare: z.optional(z.int().check(z.nonnegative())),
  after: z.optional(z.array(objectName).check(z.maxLength(200_000))),
});

/** The inverse of encodeMarker. Throws a {@link SnapshotDamage} when the bytes or the name are no marker's. */
export function decodeMarker(name: string, bytes: Uint8Array): StoreMarker {
  const numbers = parseMarkerName(name);
  if (numbers === undefined || bytes.length > MARKER_SIZE_LIMIT) {
    throw new SnapshotDamage('it is no history marker');
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new SnapshotDamage('it is no JSON text', { cause });
  }
  const found = schema.safeParse(parsed);
  if (!found.success) {
    throw new SnapshotDamage(`it is no history marker: ${found.error.issues[0]?.path.join('.') || 'no object'}`);
  }
  const { why, first, clusterId, left, mayShare, after = [] } = found.data;
  if (why === 'clock_behind') {
    return { name, ...numbers, why, first, clusterId, left: [], after };
  }
  const doubt = mayShare === undefined ? {} : { mayShare: revision(mayShare) };
  return { name, ...numbers, why, first, clusterId, ...doubt, left };
}
