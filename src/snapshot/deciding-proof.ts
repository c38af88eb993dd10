import { isAheadOfClock } from './ahead-of-clock.ts';
import { type ProofName, proofLevels } from './proof-name.ts';

/** What decides between proofs of one prefix. */
type Weighed = Pick<ProofName, 'on' | 'level' | 'sound'>;

/**
 * The proofs that are known, with another one: of each level and outcome the newest is kept, which is enough for {@link decidingProof}. One
 * that is ahead of the clock, at `seconds` since the epoch, is left out.
 */
export function withProof<T extends Weighed>(known: readonly T[], proof: T, seconds: number): readonly T[] {
  if (isAheadOfClock({ createdOn: proof.on }, seconds)) {
    return known;
  }
  const same = known.find(({ level, sound }) => level === proof.level && sound === proof.sound);
  return same !== undefined && same.on > proof.on ? known : [...known.filter((each) => each !== same), proof];
}

/** What the proofs of a prefix say together: the newest that found something wrong and is not outweighed, else the newest. */
export function decidingProof<T extends Weighed>(proofs: readonly T[]): T | undefined {
  return (
    newest(proofs.filter((each) => !each.sound && !proofs.some((other) => outweighs(other, each)))) ?? newest(proofs)
  );
}

/** Whether the problems of one proof are settled by a later one that went at least as deep. */
export function outweighs(other: Weighed, one: Weighed): boolean {
  return !one.sound && other.sound && other.on > one.on && depth(other) >= depth(one);
}

function depth({ level }: Weighed): number {
  return proofLevels.indexOf(level);
}

function newest<T extends Weighed>(proofs: readonly T[]): T | undefined {
  return proofs.reduce<T | undefined>(
    (last, each) => (last === undefined || each.on >= last.on ? each : last),
    undefined,
  );
}
