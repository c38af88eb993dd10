import { Failure } from '../runtime/failure.ts';

/** Flags after the name of another command are flags of that. */
const OWN = '(?<!etcdbrctl [a-z]+ )';

/**
 * A failure to read a state whose remedy names the flags of `undelete`, which leave out the revision and the time they are given; any
 * other error is returned as it is.
 */
export function undeleteAdvice(error: unknown): unknown {
  if (!(error instanceof Failure) || error.remedy === undefined) {
    return error;
  }
  const remedy = error.remedy
    // It takes no snapshot by its name.
    .replace(/give --snapshot \S+ (--(?:to-)?revision \d+)/g, 'move it away and give $1')
    .replace(
      new RegExp(`${OWN}--(?:to-)?revision (\\d+)`, 'g'),
      (_, revision: string) => `--before-revision ${Number(revision) + 1}`,
    )
    .replace(new RegExp(`${OWN}--(?:to-)?revision\\b`, 'g'), '--before-revision')
    .replace(new RegExp(`${OWN}--(?:to-)?time\\b`, 'g'), '--before')
    .replace(', or none for the newest state', '')
    .replace(/ to (?:read|restore) the state /g, ' to take the state ');
  return remedy === error.remedy ? error : error.withRemedy(remedy);
}
