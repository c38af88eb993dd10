import type { Chronicle } from './chronicle.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { MadeRequest } from './world.ts';

/** The requests that were made to sidecars, with their answers. */
export class MadeRequests {
  readonly all: MadeRequest[] = [];
  readonly #time: VirtualTime;
  readonly #chronicle: Chronicle;

  constructor(time: VirtualTime, chronicle: Chronicle) {
    this.#time = time;
    this.#chronicle = chronicle;
  }

  /** Remembers a request until it is answered. */
  add(what: string, answer: Promise<unknown>): void {
    const request: MadeRequest = { what, at: this.#time.now, answer: undefined };
    this.all.push(request);
    const note = (text: string): void => {
      request.answer = text;
      this.#chronicle.tell('request', `${what}: ${text}`);
    };
    answer.then(
      (value) => note(nameOf(value)),
      (error) => note(error instanceof Error ? error.message : String(error)),
    );
  }
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : 'done';
}
