import { Failure } from '../runtime/failure.ts';

/**
 * A failure to read a state whose remedy names states as `diff` takes them, which are no flags there; any other error is returned as it is.
 */
export function diffAdvice(error: unknown): unknown {
  if (!(error instanceof Failure) || error.remedy === undefined) {
    return error;
  }
  const remedy = error.remedy
    .replace(/(--history \d+) --(?:to-)?revision (\d+)/g, '$1 and the revision $2')
    .replace(/--snapshot (\S+) --(?:to-)?revision \d+/g, 'the snapshot $1')
    .replace(/--(?:to-)?revision (\d+)(?: instead of --\S+(?: and --\S+)*)?/g, 'the revision $1')
    .replace(', or none for the newest state', ', or newest');
  return remedy === error.remedy ? error : error.withRemedy(remedy);
}
