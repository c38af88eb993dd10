import { constants } from 'node:os';

/** The signals that ask the program to end. */
export type StopSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM';

/** The reason of the abort when the user or the orchestrator asked the program to end. */
export class Interrupted extends Error {
  readonly stopSignal: StopSignal;

  constructor(stopSignal: StopSignal) {
    super(`interrupted by ${stopSignal}`);
    this.name = 'Interrupted';
    this.stopSignal = stopSignal;
  }

  /** What shells report for a program that ended by this signal: 128 and the signal's number. */
  get exitCode(): number {
    return 128 + constants.signals[this.stopSignal];
  }
}
