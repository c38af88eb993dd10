import { outweighs, withProof } from '../../snapshot/deciding-proof.ts';
import type { LastProof } from './last-proof.ts';

/** The proofs of each prefix that count. */
export type ProofsByPrefix = ReadonlyMap<string, readonly LastProof[]>;

/**
 * What is known of the prefixes of a share: what was proved now, and what earlier results proved where the new proof does not settle it.
 * Earlier results also count for prefixes that were not verified now and are `stillMeant`. `seconds` is the time, since the epoch.
 */
export function knownProofs(
  { proved, earlier }: { readonly proved: ReadonlyMap<string, LastProof>; readonly earlier: ProofsByPrefix },
  { isStillMeant, seconds }: { readonly isStillMeant: (prefix: string) => boolean; readonly seconds: number },
): ProofsByPrefix {
  const prefixes = new Set([...proved.keys(), ...[...earlier.keys()].filter(isStillMeant)]);
  return new Map(
    [...prefixes].map((prefix) => {
      const now = proved.get(prefix);
      const before = earlier.get(prefix) ?? [];
      const all = now === undefined ? before : withProof(before, now, seconds);
      return [prefix, all.filter((each) => !all.some((other) => outweighs(other, each)))];
    }),
  );
}
