import { Damage } from '../../../src/datadir/damage.ts';
import { serveWorker } from '../../../src/workers/serve-worker.ts';

/** What the worker of the client's tests can be asked. */
export type CountingCalls = {
  /** Counts up to a number and returns the sum. */
  readonly count: { readonly request: number; readonly item: number; readonly result: number };
  /** Gives the memory back, with its first byte one larger. */
  readonly increment: {
    readonly request: Uint8Array<ArrayBuffer>;
    readonly result: Uint8Array<ArrayBuffer>;
  };
  readonly throwDamage: { readonly request: string; readonly result: undefined };
  readonly never: { readonly request: undefined; readonly result: undefined };
  readonly exit: { readonly request: number; readonly result: undefined };
};

serveWorker<CountingCalls>({
  count: (until, send) => {
    let sum = 0;
    for (let number = 1; number <= until; number++) {
      send(number, []);
      sum += number;
    }
    return { value: sum };
  },
  increment: (bytes) => {
    bytes[0] = (bytes[0] ?? 0) + 1;
    return { value: bytes, transfer: [bytes.buffer] };
  },
  throwDamage: (file) => {
    throw new Damage({ file, offset: 4096, reason: 'a page of unknown kind' });
  },
  never: () => new Promise(() => undefined),
  exit: (code) => process.exit(code),
});
