import { setImmediate as turn } from 'node:timers/promises';
import type { ClientReadableStream } from '@grpc/grpc-js';

/**
 * The messages of a gRPC stream, in bundles of all that have arrived: one turn of the reader's loop then serves many
 * small messages. Nothing is taken from the network while the reader is busy, beyond the few messages the stream
 * buffers itself. Throws the stream's error after the messages that came before it.
 */
export async function* arrivedMessages<T>(
  call: Pick<ClientReadableStream<T>, 'on' | 'read'>,
): AsyncGenerator<readonly T[]> {
  let wake = Promise.withResolvers<void>();
  let ended = false;
  let failure: unknown;
  const stir = (): void => {
    wake.resolve();
  };
  call.on('readable', stir);
  call.on('end', () => {
    ended = true;
    stir();
  });
  call.on('error', (error: Error) => {
    failure ??= error;
    stir();
  });
  for (;;) {
    const bundle: T[] = [];
    for (let message = call.read(); message !== null; message = call.read()) {
      bundle.push(message as T);
    }
    if (bundle.length > 0) {
      yield bundle;
      continue;
    }
    if (failure !== undefined) {
      throw failure;
    }
    if (ended) {
      return;
    }
    await wake.promise;
    // The rest of a network packet is decoded one message a tick: a turn later all of it is there.
    await turn();
    wake = Promise.withResolvers();
  }
}
