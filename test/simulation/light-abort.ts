type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

interface Entry {
  readonly listener: Listener;
  readonly isOnce: boolean;
}

/** As much of an AbortSignal as is used, without the events of the web: those are most of the work of a simulation. */
export class LightSignal {
  aborted = false;
  reason: unknown = undefined;
  onabort: ((event: Event) => void) | null = null;
  #entries: Entry[] = [];
  /** Signals that abort with this one; only one that follows no other has them. */
  #dependents: LightSignal[] | undefined;
  /** Those that this one follows, none of which follows another. */
  #sources: readonly LightSignal[] | undefined;

  static abort(reason: unknown = aborted): LightSignal {
    const signal = new LightSignal();
    signal.aborted = true;
    signal.reason = reason;
    return signal;
  }

  static any(signals: Iterable<LightSignal>): LightSignal {
    const result = new LightSignal();
    const sources: LightSignal[] = [];
    for (const each of signals) {
      if (each.aborted) {
        return LightSignal.abort(each.reason);
      }
      for (const source of each.#sources ?? [each]) {
        if (!sources.includes(source)) {
          sources.push(source);
        }
      }
    }
    result.#sources = sources;
    for (const source of sources) {
      source.#dependents ??= [];
      source.#dependents.push(result);
    }
    return result;
  }

  throwIfAborted(): void {
    if (this.aborted) {
      throw this.reason;
    }
  }

  addEventListener(
    _: 'abort',
    listener: Listener | null,
    options?: boolean | { readonly once?: boolean; readonly signal?: LightSignal },
  ): void {
    const { once = false, signal } = typeof options === 'object' ? options : {};
    if (listener === null || signal?.aborted === true || this.#entries.some((entry) => entry.listener === listener)) {
      return;
    }
    this.#entries.push({ listener, isOnce: once });
    signal?.addEventListener('abort', () => this.removeEventListener('abort', listener), { once: true });
  }

  removeEventListener(_: 'abort', listener: Listener | null): void {
    const at = this.#entries.findIndex((entry) => entry.listener === listener);
    if (at >= 0) {
      // Who goes through them now has those that were there.
      this.#entries = this.#entries.toSpliced(at, 1);
    }
  }

  /** Aborts it and then those that follow it. Only for the controller. */
  static end(signal: LightSignal, reason: unknown): void {
    if (signal.aborted) {
      return;
    }
    const ending = [signal, ...(signal.#dependents ?? []).filter((each) => !each.aborted)];
    signal.#dependents = undefined;
    for (const each of ending) {
      each.aborted = true;
      each.reason = reason;
    }
    for (const each of ending) {
      each.#leave();
      each.#tell();
    }
  }

  /** What it followed need not remember it. */
  #leave(): void {
    for (const source of this.#sources ?? []) {
      const at = source.#dependents?.indexOf(this) ?? -1;
      if (at >= 0) {
        source.#dependents?.splice(at, 1);
      }
    }
    this.#sources = undefined;
  }

  #tell(): void {
    const event = { type: 'abort', target: this } as unknown as Event;
    this.onabort?.(event);
    for (const { listener, isOnce } of [...this.#entries]) {
      if (!this.#entries.some((entry) => entry.listener === listener)) {
        continue;
      }
      if (isOnce) {
        this.removeEventListener('abort', listener);
      }
      if (typeof listener === 'function') {
        listener.call(this as unknown as AbortSignal, event);
      } else {
        listener.handleEvent(event);
      }
    }
  }
}

/** The controller of one. */
export class LightController {
  readonly signal = new LightSignal();

  abort(reason: unknown = aborted): void {
    LightSignal.end(this.signal, reason);
  }
}

/** The reason of all that is aborted without one. */
const aborted = new DOMException('This operation was aborted', 'AbortError');

/** From now on signals of this process are ours: they do the same in the same order, without the events of the web. */
export function makeSignalsLight(): void {
  Object.assign(globalThis, { AbortController: LightController, AbortSignal: LightSignal });
}
