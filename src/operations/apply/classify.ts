import type { ClusterKeys, KeyGuard, KeyPosition } from '../../etcd/keys.ts';
import type { Revision } from '../../revision.ts';
import type { ExportedKey } from '../export/exported-key.ts';

/** What is to be done about a key, compared with the same key of a cluster. */
export type KeyDecision =
  /** It is written, as long as the guard holds. */
  | { readonly kind: 'create' | 'replace'; readonly guard: KeyGuard }
  /** It has that value already. */
  | { readonly kind: 'present' }
  /** It has another value, and is left alone. */
  | { readonly kind: 'left' | 'conflict'; readonly modRevision: number }
  /** No request that etcd takes could hold it. */
  | { readonly kind: 'too large' }
  /** It was being deleted already in the state that is written. */
  | { readonly kind: 'being deleted' };

/** Values of this size are taken by any etcd, bytes. */
const TAKEN_ANYWHERE = 512 * 1024;

/** What is done about keys that exist with another value. */
export interface ExistingKeys {
  /** Those that were not changed after this revision of the cluster are replaced. */
  readonly unchangedSince: Revision | undefined;
  /** What the others are. */
  readonly others: 'left' | 'conflict';
}

/** What the keys are compared with. */
export interface Against {
  readonly cluster: ClusterKeys;
  readonly existing: ExistingKeys;
  /** Whether a value is an object that was being deleted already, and would be deleted again. */
  readonly isBeingDeleted: (value: Uint8Array) => boolean;
}

/** Decides what is done about keys; at most `MOST_KEYS` of them. Throws an EtcdFailure. */
export async function classify(
  keys: readonly ExportedKey[],
  { cluster, existing, isBeingDeleted }: Against,
  call: { readonly signal: AbortSignal },
): Promise<readonly KeyDecision[]> {
  const positions = await cluster.positions(
    keys.map(({ key }) => key),
    call,
  );
  const present = keys.filter((_, at) => positions[at] !== undefined);
  const areAllEqual = present.length > 1 && (await cluster.hold(present, call)) === true;
  const decisions: KeyDecision[] = [];
  for (const [at, each] of keys.entries()) {
    const position = positions[at];
    const isEqual = position !== undefined && (areAllEqual || (await cluster.hold([each], call)) === true);
    const decision = decisionOf(position, isEqual, existing);
    const isWritten = decision.kind === 'create' || decision.kind === 'replace';
    if (isWritten && isBeingDeleted(each.value)) {
      decisions.push({ kind: 'being deleted' });
      continue;
    }
    const isTaken = !isWritten || each.value.length <= TAKEN_ANYWHERE || (await cluster.takes(each, call));
    decisions.push(isTaken ? decision : { kind: 'too large' });
  }
  return decisions;
}

function decisionOf(
  position: KeyPosition | undefined,
  isEqual: boolean,
  { unchangedSince, others }: ExistingKeys,
): KeyDecision {
  if (position === undefined) {
    return { kind: 'create', guard: { kind: 'missing' } };
  }
  if (isEqual) {
    return { kind: 'present' };
  }
  const { modRevision } = position;
  return unchangedSince !== undefined && modRevision <= unchangedSince
    ? { kind: 'replace', guard: { kind: 'unchanged', modRevision } }
    : { kind: others, modRevision };
}
