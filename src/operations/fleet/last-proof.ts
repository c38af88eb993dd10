import type { VerifyLevel } from '../verify/request.ts';
import type { VerifyResult } from '../verify/verify.ts';

/** What the last verification of a prefix showed. */
export interface LastProof {
  /** When it ended, whole seconds since the epoch. */
  readonly on: number;
  readonly level: VerifyLevel;
  /** Whether nothing was wrong, and the newest state of then can be restored. */
  readonly sound: boolean;
  /** The last revision that was proved to be restorable; undefined when none is. */
  readonly revision: number | undefined;
  /** A sentence for each of the first things that were wrong. */
  readonly problems: readonly string[];
}

const mostProblems = 5;
const longestProblem = 300;

/** The proof in the result of a verification that ended at `on`. */
export function proofOf({ level, findings, provable }: VerifyResult, on: number): LastProof {
  const problems = findings
    .filter(({ weight }) => weight === 'problem')
    .map(({ snapshot, text }) => (snapshot === undefined ? text : `${snapshot}: ${text}`).slice(0, longestProblem));
  return {
    on,
    level,
    sound: problems.length === 0,
    revision: provable?.revision,
    problems: problems.slice(0, mostProblems),
  };
}
