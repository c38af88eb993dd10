/** One long piece of work. */
export interface ProgressTask {
  readonly label: string;
  /** What `total` and what is done are counted in. */
  readonly unit: 'bytes' | 'events' | 'objects' | 'folders' | 'prefixes';
  /** How much there is to do; undefined when unknown. */
  readonly total: number | undefined;
}

/** The progress of one task, shown until it is disposed of. */
export interface TaskMeter extends Disposable {
  /** Adds `amount` units to what is done. */
  advance(amount: number): void;
  /** Corrects the total when it becomes known. */
  expect(total: number): void;
}

/** Shows the progress of tasks. */
export interface Progress {
  start(task: ProgressTask): TaskMeter;
}

/** Shows nothing: for pipes, CI and the server. */
export const silentProgress: Progress = {
  start: () => ({ advance() {}, expect() {}, [Symbol.dispose]() {} }),
};
