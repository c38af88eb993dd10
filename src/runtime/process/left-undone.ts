import { Failure, type FailureParts } from '../failure.ts';
import { Interrupted } from './interrupted.ts';

/** An operation was asked to stop, did, and had to leave something undone, which the message names. */
export class LeftUndone extends Failure {
  override readonly exitCode: number;

  /** `reason` is why it was asked to stop. Ends the process as that does: 143 for SIGTERM. */
  constructor(parts: Omit<FailureParts, 'code'> & { readonly reason: unknown }) {
    super({ ...parts, code: 'left_undone' });
    this.exitCode = parts.reason instanceof Interrupted ? parts.reason.exitCode : 1;
  }
}
