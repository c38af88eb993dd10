import { Failure } from '../runtime/failure.ts';

/** The command line, environment or configuration file cannot be used as it is. Exit code 2. */
export class UsageFailure extends Failure {
  override readonly exitCode = 2;

  constructor(parts: {
    /** `use` for options, `run` for commands. */
    readonly action: 'use' | 'run' | 'read';
    readonly object: string;
    readonly found: string;
    readonly remedy?: string;
    readonly cause?: unknown;
  }) {
    super({ ...parts, code: 'usage' });
  }
}
