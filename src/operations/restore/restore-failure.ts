import { InvalidMembership } from '../../datadir/membership/invalid-membership.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { Failure } from '../../runtime/failure.ts';

/** What a restore throws for `error`: a {@link Failure} wherever the cause is known, the signal's reason after an abort. */
export function restoreFailure(
  error: unknown,
  run: {
    readonly action: 'restore into' | 'initialize';
    readonly dataDir: string;
    readonly signal: AbortSignal;
  },
): unknown {
  if (run.signal.aborted && error !== run.signal.reason && isAbort(error)) {
    return run.signal.reason;
  }
  if (error instanceof InvalidMembership) {
    return new ContradictingOptions({
      code: 'invalid_membership',
      action: 'use',
      object: `--${error.option}`,
      found: error.reason,
      remedy: 'give those that etcd will be started with',
    });
  }
  return fileFailure(error, { action: run.action, object: run.dataDir }) ?? error;
}

/** What is wrong was in the command line. */
class ContradictingOptions extends Failure {
  override readonly exitCode = 2;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
