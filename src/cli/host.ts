import type { Environment } from '../runtime/environment.ts';
import type { Interrupted } from '../runtime/process/interrupted.ts';
import type { SignalSource } from '../runtime/process/signals.ts';
import type { ResultOutput } from '../runtime/terminal/result-output.ts';
import type { TextOutput } from '../runtime/terminal/text-output.ts';

/** The process a command line runs in. */
export interface HostProcess {
  /** The command line without the program itself. */
  readonly argv: readonly string[];
  /** The command that starts this program once more, its own arguments left out. */
  readonly program: readonly string[];
  /** Results. */
  readonly stdout: ResultOutput;
  /** Logs, progress and errors. */
  readonly stderr: TextOutput;
  readonly signals: SignalSource;
  /** Ends the process at once, where an operation goes on after it was aborted; `reason` is its last line. */
  abandon(reason: Interrupted): void;
}

/** Everything that a command sees of its process. */
export interface Host extends HostProcess {
  readonly environment: Environment;
}
