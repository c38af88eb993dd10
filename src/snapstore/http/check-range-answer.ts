import { lengthOfRange, type RangeAnswer, type WantedRange } from '../range-answer.ts';
import type { RawBody } from './object-body.ts';
import type { StoreAction } from './request-error.ts';

/** Checks the answer to a request for a part of an object, as {@link lengthOfRange} does, and ends its body when that throws. */
export function checkRangeAnswer(
  answer: RangeAnswer,
  wanted: WantedRange,
  { stream }: Pick<RawBody, 'stream'>,
  task: StoreAction,
): number {
  try {
    return lengthOfRange(answer, wanted, task);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
