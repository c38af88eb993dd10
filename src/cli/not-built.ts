import { Failure } from '../runtime/failure.ts';

/** The answer of a command that is declared but not there yet. */
export function notBuilt(name: string): Failure {
  return new Failure({
    code: 'not_built',
    action: 'run',
    object: name,
    found: 'this version does not have it yet',
  });
}
