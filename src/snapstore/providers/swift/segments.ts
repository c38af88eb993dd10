/**
 * Names of segments. A large object in Swift is a manifest, which is empty and names a prefix, and segments: all objects that begin with
 * the prefix, in the order of their names (a dynamic large object). Ours have the keys `<key>/<ten digits>`.
 *
 * The first five digits distinguish uploads to the same key, the last five are the part's number. The upload that finds no segments there
 * has the number 0, so that its segments are numbered from 0000000001 on, as other programs number theirs.
 */

const partsPerUpload = 100_000;

/** How many uploads to one key can be distinguished. */
export const uploadNumbers = 100_000;

/** The key of a part, from 1, of an upload. */
export function segmentKey(key: string, upload: number, part: number): string {
  return `${key}/${String(upload * partsPerUpload + part).padStart(10, '0')}`;
}

/** What the keys of all segments of an upload begin with. */
export function segmentPrefix(key: string, upload: number): string {
  return `${key}/${String(upload).padStart(5, '0')}`;
}

/** The parts of a segment's key; undefined for any other key. */
export function parseSegmentKey(
  key: string,
): { readonly owner: string; readonly upload: number; readonly part: number } | undefined {
  const match = /^(.+)\/(\d{5})(\d{5})$/s.exec(key);
  return match === null ? undefined : { owner: String(match[1]), upload: Number(match[2]), part: Number(match[3]) };
}
