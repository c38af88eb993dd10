import type { ContentTag } from './content-tag.ts';
import { StoreError } from './store-error.ts';

/** Which part is asked for, and of which object. */
export interface WantedRange {
  /** Half-open, bytes. */
  readonly range: { readonly start: number; readonly end: number };
  /** Of the object as it was listed, bytes. */
  readonly size: number | undefined;
  readonly tag: ContentTag | undefined;
}

/** What a store says of the part of an object that it sends. */
export interface RangeAnswer {
  /** `bytes FIRST-LAST/TOTAL`; undefined when the store has not said which part it sends. */
  readonly contentRange: string | undefined;
  /** Of the body, bytes, where it is stated. */
  readonly length: number | undefined;
  /** An ETag, or what else changes with the content. */
  readonly tag: string | undefined;
}

/**
 * The bytes of a body that is part of an object. Throws a {@link StoreError} `invalid` unless the store sends the part that was asked for,
 * of an object that is as long as it was listed, and the same that was read before.
 */
export function lengthOfRange(
  answer: RangeAnswer,
  { range, size, tag }: WantedRange,
  { action, object }: { readonly action: string; readonly object: string },
): number {
  const invalid = (found: string): StoreError => new StoreError('invalid', { action, object, found });
  const [, from, to, whole] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(answer.contentRange ?? '') ?? [];
  if (from === undefined) {
    throw invalid('the store answers a request for a part of it without saying which part it sends');
  }
  const [start, end, total] = [Number(from), Number(to) + 1, Number(whole)];
  if (start !== range.start || end !== Math.min(range.end, total)) {
    throw invalid(`the store sends bytes ${start} to ${end} where ${range.start} to ${range.end} were asked for`);
  }
  if (answer.length !== undefined && answer.length !== end - start) {
    throw invalid(`the store sends ${answer.length} bytes and calls them ${end - start}`);
  }
  if (size !== undefined && total !== size) {
    throw invalid(`it has ${total} bytes now, and had ${size} when it was listed`);
  }
  if (tag?.agrees(answer.tag) === false) {
    throw invalid('it was replaced while parts of it were read');
  }
  return end - start;
}
