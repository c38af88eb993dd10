import { lengthOfRange, type RangeAnswer, type WantedRange } from '../range-answer.ts';
import type { RawBody } from './object-body.ts';
import type { StoreAction } from './request-error.ts';

/** As {@link lengthOfRange}; where it throws, the body is ended. */
export function partOf(
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
