/** What a {@link tap} shows. */
export interface TapObserver {
  /** Called with the length of each piece before it is passed on. */
  onBytes(bytes: number): void;
  /** Called with what the source throws, which is thrown on. */
  onError?(error: unknown): void;
}

/** Passes `source` on unchanged and shows what passes. */
export async function* tap(source: AsyncIterable<Uint8Array>, observer: TapObserver): AsyncGenerator<Uint8Array, void> {
  const { onError } = observer;
  try {
    for await (const bytes of source) {
      observer.onBytes(bytes.length);
      yield bytes;
    }
  } catch (error) {
    onError?.(error);
    throw error;
  }
}
