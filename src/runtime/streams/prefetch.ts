/**
 * Gives what `source` gives, and asks for the next piece while the last one is being used. A reader that stops early has to end a
 * source that might wait for long: the source is asked to return, but not waited for.
 */
export async function* prefetch<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const pieces = source[Symbol.asyncIterator]();
  let next = pieces.next();
  try {
    for (let piece = await next; piece.done !== true; piece = await next) {
      next = pieces.next();
      // It is awaited in its turn; until then a failure must not count as unhandled.
      next.catch(() => undefined);
      yield piece.value;
    }
  } finally {
    pieces.return?.().catch(() => undefined);
  }
}
