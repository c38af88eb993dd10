import * as z from 'zod/mini';
import { revision } from '../../revision.ts';
import { SnapshotDamage } from '../damage.ts';
import { MARKER_FORMAT, MARKER_SIZE_LIMIT, parseMarkerName, type StoreMarker } from './history-marker.ts';

const objectName = z.string().check(z.maxLength(200));
const objectNames = z.array(objectName).check(z.maxLength(200_000));
const anyMarker = {
  format: z.literal(MARKER_FORMAT),
  clusterId: z.string().check(z.regex(/^[0-9a-f]{1,16}$/)),
};
const schema = z.discriminatedUnion('why', [
  z.object({
    ...anyMarker,
    why: z.enum(['rolled_back', 'other_cluster', 'different_events', 'unproven']),
    first: objectName,
    left: objectNames,
    mayShare: z.optional(z.int().check(z.nonnegative())),
  }),
  z.object({
    ...anyMarker,
    why: z.literal('clock_behind'),
    first: objectName,
    after: z.optional(objectNames),
  }),
  z.object({
    ...anyMarker,
    why: z.literal('continuation_unproven'),
    first: objectName,
    upTo: z.int().check(z.nonnegative()),
  }),
]);

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
  const { data } = found;
  const { clusterId } = data;
  switch (data.why) {
    case 'continuation_unproven':
      return { name, ...numbers, why: data.why, upTo: revision(data.upTo), first: data.first, clusterId, left: [] };
    case 'clock_behind':
      return { name, ...numbers, why: data.why, first: data.first, clusterId, left: [], after: data.after ?? [] };
    default: {
      const { why, first, left, mayShare } = data;
      const doubt = mayShare === undefined ? {} : { mayShare: revision(mayShare) };
      return { name, ...numbers, why, first, clusterId, ...doubt, left };
    }
  }
}
