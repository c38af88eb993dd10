import { Damage } from '../../datadir/damage.ts';
import { type DeltaFailure, packFailure, unpackFailure } from '../restore/delta-messages.ts';

/** What a thread says about the database it was told to check. */
export type DatabaseCheckAnswer =
  | { readonly kind: 'sound' }
  | { readonly kind: 'damage'; readonly file: string; readonly offset: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: DeltaFailure };

/** The answer about a database whose check has thrown. */
export function packCheckFailure(error: unknown): DatabaseCheckAnswer {
  if (error instanceof Damage) {
    const { file, offset, reason } = error;
    return { kind: 'damage', file, offset, reason };
  }
  return { kind: 'failed', failure: packFailure(error) };
}

/** Throws what the check has thrown, if it has. */
export function unpackAnswer(answer: DatabaseCheckAnswer): void {
  switch (answer.kind) {
    case 'sound':
      return;
    case 'damage':
      throw new Damage(answer);
    case 'failed':
      throw unpackFailure(answer.failure);
    default:
      answer satisfies never;
  }
}
