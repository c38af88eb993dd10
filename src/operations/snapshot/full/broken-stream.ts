import { EtcdFailure } from '../../../etcd/etcd-failure.ts';

/** A stream that has begun and was lost: another member, or this one later, may send it whole. */
export class BrokenStream extends Error {
  declare readonly cause: EtcdFailure;
}

/** Turns the loss of a stream that has begun into a {@link BrokenStream}. */
export async function* markingBreaks(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun = false;
  try {
    for await (const bytes of stream) {
      begun = true;
      yield bytes;
    }
  } catch (error) {
    throw begun && error instanceof EtcdFailure && error.code === 'etcd_unreachable'
      ? new BrokenStream(error.message, { cause: error })
      : error;
  }
}
