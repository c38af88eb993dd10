import { formatAge } from '../../runtime/log/amount.ts';
import { decidingProof, withProof } from '../../snapshot/deciding-proof.ts';
import type { LastProof } from './last-proof.ts';
import type { Complaint, PrefixReport } from './prefix-report.ts';

/** When a prefix needs attention; undefined for never. */
export interface Thresholds {
  /** The newest state must not be older, ms. */
  readonly maxAgeMs: number | undefined;
  /** A proof must not be older, ms. */
  readonly proofWithinMs: number | undefined;
}

/**
 * Adds to the report of a prefix the proof that decides, its sidecar's or one `verified` by the fleet, and every complaint about it.
 * `now` is in ms since the epoch.
 */
export function assessPrefix(
  report: PrefixReport,
  {
    verified,
    thresholds,
    now,
  }: { readonly verified: readonly LastProof[]; readonly thresholds: Thresholds; readonly now: number },
): PrefixReport {
  const proofs = verified.reduce((known, each) => withProof(known, each, now / 1_000), report.proofs);
  const proof = decidingProof(proofs);
  const complaints = [
    ...report.complaints,
    ...damaged(proof, proofs),
    ...stale(report, thresholds, now),
    ...unproved(report, { proof, thresholds, now }),
  ];
  return { ...report, proof, complaints };
}

function damaged(proof: LastProof | undefined, proofs: readonly LastProof[]): readonly Complaint[] {
  if (proof === undefined || proof.sound) {
    return [];
  }
  const [first = 'its sidecar could not restore all of it; etcdbrctl verify says why'] = proof.problems;
  const more = proof.problems.length > 1 ? `, and ${proof.problems.length - 1} more` : '';
  const failed = proofs.some(({ on }) => on > proof.on)
    ? `at level ${proof.level} failed, later ones did not go as deep`
    : 'failed';
  return [{ kind: 'damaged', text: `its last verification ${failed}: ${first}${more}` }];
}

function stale({ newest, complaints }: PrefixReport, { maxAgeMs }: Thresholds, now: number): readonly Complaint[] {
  if (maxAgeMs === undefined || complaints.some(({ kind }) => kind === 'unreadable')) {
    return [];
  }
  if (newest === undefined) {
    return [{ kind: 'stale', text: 'nothing in it can be restored' }];
  }
  if (newest.takenOn === undefined) {
    return [{ kind: 'stale', text: 'the age of its newest state is not known' }];
  }
  const age = now / 1_000 - newest.takenOn;
  return age * 1_000 <= maxAgeMs
    ? []
    : [
        {
          kind: 'stale',
          text: `its newest state is ${formatAge(age)} old, and at most ${formatAge(maxAgeMs / 1_000)} is allowed`,
        },
      ];
}

function unproved(
  { complaints }: PrefixReport,
  {
    proof,
    thresholds,
    now,
  }: { readonly proof: LastProof | undefined; readonly thresholds: Thresholds; readonly now: number },
): readonly Complaint[] {
  const { proofWithinMs } = thresholds;
  // Why it could not be verified says more.
  const isSaid = complaints.some(({ kind }) => kind === 'unproved' || kind === 'unreadable');
  if (proofWithinMs === undefined || proof?.sound === false || isSaid) {
    return [];
  }
  if (proof === undefined) {
    return [{ kind: 'unproved', text: 'no verification of it is recorded' }];
  }
  const age = now / 1_000 - proof.on;
  return age * 1_000 <= proofWithinMs
    ? []
    : [
        {
          kind: 'unproved',
          text: `it was verified ${formatAge(age)} ago, and ${formatAge(proofWithinMs / 1_000)} is allowed`,
        },
      ];
}
