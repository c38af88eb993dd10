import type { Worker } from 'node:worker_threads';
import { untilAborted } from '../runtime/async/until-aborted.ts';
import { startWorker, type WorkerSource } from './start-worker.ts';
import { unpackError } from './transported-error.ts';
import type { AnswerMessage, CallMessage, WorkerCalls } from './worker-calls.ts';

/** What goes with a request. */
export interface CallOptions {
  /** Memory below the request, which belongs to the worker then. */
  readonly transfer?: ArrayBuffer[];
  /** Ends the wait for the answer, not the work. */
  readonly signal?: AbortSignal;
}

/** The answers to a call that have arrived and were not taken yet. */
class Mailbox {
  readonly #answers: AnswerMessage[] = [];
  #wake: () => void = () => {};

  put(answer: AnswerMessage): void {
    this.#answers.push(answer);
    this.#wake();
  }

  /** The next answer; `ended` says why none comes any more. */
  async take(ended: () => Error | undefined): Promise<AnswerMessage> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) {
        return answer;
      }
      const reason = ended();
      if (reason !== undefined) {
        throw reason;
      }
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      await woken.promise;
    }
  }

  wake(): void {
    this.#wake();
  }
}

/**
 * Asks a worker thread of its own, which starts with the first call. Errors of the worker are thrown with their types. When
 * the thread ends, all calls reject, later ones included. Disposing ends the thread, whatever it is doing.
 */
export class WorkerClient<Calls extends WorkerCalls> implements AsyncDisposable {
  readonly #source: WorkerSource;
  readonly #mailboxes = new Map<number, Mailbox>();
  #worker: Worker | undefined;
  #ended: Error | undefined;
  #calls = 0;

  constructor(source: WorkerSource) {
    this.#source = source;
  }

  /** Starts the thread now, so that the first call does not wait for it. */
  start(): void {
    this.#running();
  }

  /** Asks for a result. Rejects with what the worker throws, or the signal's reason. */
  async ask<Name extends keyof Calls & string>(
    name: Name,
    request: Calls[Name]['request'],
    { transfer, signal }: CallOptions = {},
  ): Promise<Calls[Name]['result']> {
    // The worker sends no items where none are declared, so the first answer is the result.
    const result = this.stream(name, request, transfer)
      .next()
      .then(({ value }): Calls[Name]['result'] => value);
    return signal === undefined ? await result : await untilAborted(result, signal);
  }

  /** Asks for items and a result. The worker begins at once; what it sends waits until it is taken. */
  stream<Name extends keyof Calls & string>(
    name: Name,
    request: Calls[Name]['request'],
    transfer: ArrayBuffer[] = [],
  ): AsyncGenerator<Calls[Name]['item'], Calls[Name]['result']> {
    const call = this.#calls++;
    const mailbox = new Mailbox();
    this.#mailboxes.set(call, mailbox);
    this.#post({ call, name, request }, transfer);
    return this.#answers(call, mailbox);
  }

  /** Sends what needs no answer. */
  tell<Name extends keyof Calls & string>(
    name: Name,
    request: Calls[Name]['request'],
    transfer: ArrayBuffer[] = [],
  ): void {
    this.#post({ call: undefined, name, request }, transfer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  async *#answers(call: number, mailbox: Mailbox): AsyncGenerator<unknown, unknown> {
    try {
      for (;;) {
        const answer = await mailbox.take(() => this.#ended);
        switch (answer.kind) {
          case 'item':
            yield answer.value;
            break;
          case 'result':
            return answer.value;
          case 'failed':
            throw unpackError(answer.error);
          default:
            answer satisfies never;
        }
      }
    } finally {
      this.#mailboxes.delete(call);
    }
  }

  #post(message: CallMessage, transfer: ArrayBuffer[]): void {
    if (this.#ended === undefined) {
      this.#running().postMessage(message, transfer);
    }
  }

  #running(): Worker {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  #start(): Worker {
    const worker = startWorker(this.#source);
    worker.on('message', (answer: AnswerMessage) => this.#mailboxes.get(answer.call)?.put(answer));
    worker.on('error', (error: unknown) => this.#end(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', (code) => this.#end(new Error(`a worker thread ended with code ${code}`)));
    return worker;
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const mailbox of this.#mailboxes.values()) {
      mailbox.wake();
    }
  }
}
