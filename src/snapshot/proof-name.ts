import { type Revision, revision } from '../revision.ts';
import { LAST_TIME } from './name.ts';

/** How much a verification proves; each level includes those before it. */
export const proofLevels = ['catalog', 'hash', 'structure', 'restore'] as const;

/** One of {@link proofLevels}. */
export type ProofLevel = (typeof proofLevels)[number];

/** What a verification has shown of the backups below a prefix, as the name of its object says; see docs/formats.md. */
export interface ProofName {
  /** When it ended, whole seconds since the Unix epoch. */
  readonly on: number;
  /** How much was proved: see {@link ProofLevel}. */
  readonly level: ProofLevel;
  /** Whether nothing was wrong. */
  readonly sound: boolean;
  /** The last revision that can be restored; undefined when none can. */
  readonly revision: Revision | undefined;
}

/** What every proof's name begins with, and no snapshot's. */
export const PROOF_PREFIX = 'Proof-';

const NAME = /^Proof-(\d{1,12})-(\d{8,16})-([a-z]+)-(sound|damaged)\.json$/;

/** `Proof-<unix seconds>-<revision %08d>-<level>-<sound|damaged>.json`; revision 0 for none. */
export function proofName({ on, level, sound, revision: last = revision(0) }: ProofName): string {
  return `${PROOF_PREFIX}${on}-${String(last).padStart(8, '0')}-${level}-${sound ? 'sound' : 'damaged'}.json`;
}

/** The inverse of {@link proofName}; undefined for any other name. */
export function parseProofName(name: string): ProofName | undefined {
  const [, on, last, text, outcome] = NAME.exec(name) ?? [];
  const proved = Number(last);
  const level = proofLevels.find((each) => each === text);
  return level !== undefined && Number(on) <= LAST_TIME && Number.isSafeInteger(proved)
    ? { on: Number(on), level, sound: outcome === 'sound', revision: proved === 0 ? undefined : revision(proved) }
    : undefined;
}
