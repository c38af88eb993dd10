import type { ObjectEntry } from '../../bucket.ts';
import { isWrittenSize } from '../../http/listed-sizes.ts';
import { StoreError } from '../../store-error.ts';

/** The metadata that keeps a snapshot out of restores. */
const excludeKey = 'x-etcd-snapshot-exclude';

/** Fields of an object's resource that are asked for. */
export const resourceFields =
  'name,size,updated,generation,crc32c,metadata,retentionExpirationTime,retention/retainUntilTime';

/** An object as the JSON API describes it. */
export interface GcsObject {
  readonly entry: ObjectEntry;
  /** Changes whenever the object is written. */
  readonly generation: number;
  /** CRC-32C of its bytes. */
  readonly crc: number | undefined;
}

/** Reads a resource ("Objects: resource representations"). Throws an `invalid` {@link StoreError} when it is none. */
export function parseObject(resource: unknown): GcsObject {
  const text = (...path: readonly string[]): string | undefined => {
    const value = path.reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
      resource,
    );
    return value === undefined ? undefined : String(value);
  };
  const key = text('name');
  const written = text('size') ?? '';
  const size = isWrittenSize(written) ? Number(written) : Number.NaN;
  const generation = Number(text('generation'));
  const modifiedAt = Date.parse(text('updated') ?? '');
  if (key === undefined || key === '' || ![size, generation, modifiedAt].every(Number.isSafeInteger)) {
    throw new StoreError('invalid', {
      action: 'understand the description of',
      object: `"${key ?? ''}"`,
      found: 'name, size, generation or time are missing',
    });
  }
  const until = Math.max(
    ...[text('retentionExpirationTime'), text('retention', 'retainUntilTime')].map(
      (time) => Date.parse(time ?? '') || 0,
    ),
  );
  return {
    entry: {
      key,
      size,
      modifiedAt,
      ...(until > 0 ? { immutableUntil: until } : {}),
      ...(text('metadata', excludeKey) === 'true' ? { excluded: true } : {}),
    },
    generation,
    crc: parseCrc32c(text('crc32c')),
  };
}

/** Reads a CRC-32C as the service writes it: big endian, base64. */
export function parseCrc32c(text: string | undefined): number | undefined {
  const bytes = Buffer.from(text ?? '', 'base64');
  return bytes.length === 4 ? bytes.readUInt32BE() : undefined;
}
