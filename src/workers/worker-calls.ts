import type { TransportedError } from './transported-error.ts';

/** What a worker can be asked, by name. */
export type WorkerCalls<Names extends string = string> = Readonly<Record<Names, WorkerCall>>;

/** One thing that a worker can be asked. */
export interface WorkerCall {
  readonly request: unknown;
  /** What may come before the result, any number of times; left out when nothing does. */
  readonly item?: unknown;
  readonly result: unknown;
}

/** A request on its way to a worker. */
export interface CallMessage {
  /** Number of the call; undefined when no answer is wanted. */
  readonly call: number | undefined;
  readonly name: string;
  readonly request: unknown;
}

/** An answer on its way back. Those of one call come in order; its `result` or `failed` is the last. */
export type AnswerMessage =
  | { readonly call: number; readonly kind: 'item'; readonly value: unknown }
  | { readonly call: number; readonly kind: 'result'; readonly value: unknown }
  | { readonly call: number; readonly kind: 'failed'; readonly error: TransportedError };
