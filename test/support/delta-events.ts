import { type Revision, revision } from '../../src/revision.ts';
import type { DeleteEvent, DeltaEvent, PutEvent } from '../../src/snapshot/delta-event.ts';

/** A put of `key` at revision `at`; what is not given is that of a key just created. */
export function put(
  key: string,
  at: number,
  rest: Partial<Omit<PutEvent, 'key' | 'modRevision' | 'type'>> = {},
): PutEvent {
  const modRevision = revision(at);
  return {
    type: 'put',
    key: Buffer.from(key),
    modRevision,
    value: Buffer.from(`value of ${key} at ${at}`),
    createRevision: modRevision,
    version: 1,
    lease: 0n,
    ...rest,
  };
}

/** A deletion of `key` at revision `at`. */
export function del(key: string, at: number): DeleteEvent {
  return { type: 'delete', key: Buffer.from(key), modRevision: revision(at) };
}

/** `key@revision` of each event, for readable comparisons. */
export function labels(events: readonly DeltaEvent[]): string[] {
  return events.map(({ key, modRevision }) => `${Buffer.from(key).toString()}@${modRevision}`);
}

/** One put for each revision from `first` to `last`. */
export function history(first: Revision | number, last: Revision | number): DeltaEvent[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => put(`key-${first + offset}`, first + offset));
}
