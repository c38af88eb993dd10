/** What was found of a key, or done about it. */
export type KeyOutcome = OutcomeOf<'create' | 'replace' | 'present'> | WrittenOutcome | ExistingOutcome | Surprise;

/** A run that meets it has not done what was asked for. */
export type Surprise =
  /** The key has another value, of this revision; 0 where that changes all the time. */
  | (OutcomeOf<'conflict'> & { readonly revision: number })
  /** etcd takes no request that could hold it. */
  | OutcomeOf<'too large'>
  /** It is an object that was being deleted already, and would be deleted again. */
  | OutcomeOf<'being deleted'>;

/** The key was written, at this revision of the cluster. */
type WrittenOutcome = OutcomeOf<'created' | 'replaced'> & { readonly revision: number };

/** The key has another value, of this revision, and is left alone. */
type ExistingOutcome = OutcomeOf<'left'> & { readonly revision: number };

interface OutcomeOf<Kind> {
  readonly kind: Kind;
  readonly key: Uint8Array;
  /** Bytes of the value that is or was to be written. */
  readonly size: number;
}

/** Whether a run has not done what was asked for. */
export function isSurprise(outcome: KeyOutcome): outcome is Surprise {
  return outcome.kind === 'conflict' || outcome.kind === 'too large' || outcome.kind === 'being deleted';
}
