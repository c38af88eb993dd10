/** One long piece of work, shown as a bar on a terminal and not at all elsewhere. */
export interface ProgressBar extends Disposable {
  /** Adds `amount` units (bytes or events) to what is done. */
  advance(amount: number): void;
  /** Corrects the total when it becomes known. */
  expect(total: number): void;
}

/** Opens progress bars. */
export interface Progress {
  start(task: {
    readonly label: string;
    readonly unit: 'bytes' | 'events' | 'objects';
    /** Expected total in `unit`; undefined when unknown. */
    readonly total: number | undefined;
  }): ProgressBar;
}

/** Shows nothing: for pipes, CI and the server. */
export const silentProgress: Progress = {
  start: () => ({ advance() {}, expect() {}, [Symbol.dispose]() {} }),
};
