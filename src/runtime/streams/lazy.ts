/** A body that is opened when its first bytes are asked for. A reader that leaves early ends it. */
export function lazyBody(open: () => Promise<AsyncIterable<Uint8Array>>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      let opened: Promise<AsyncIterator<Uint8Array>> | undefined;
      let body: AsyncIterator<Uint8Array> | undefined;
      return {
        next: async () => {
          opened ??= open().then((iterable) => iterable[Symbol.asyncIterator]());
          body ??= await opened;
          return await body.next();
        },
        return: async () => {
          const begun = body ?? (await opened);
          await begun?.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
