/** Runs tasks one at a time, in the order in which they were handed in. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as `task` does; a task that fails does not keep later ones from running. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task);
    this.#last = result.catch(() => {});
    return result;
  }
}
