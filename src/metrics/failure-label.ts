import type { FailureCode } from '../runtime/failure-code.ts';

/** A code that is a label of its own, or a label for all others. */
type FailureLabel = FailureCode | 'store_other' | 'etcd_other' | 'other';

/** The values of the label `error`: a small fixed set, never free text. */
export const failureLabels: readonly FailureLabel[] = [
  'store_outage',
  'store_denied',
  'store_quota',
  'store_gone',
  'store_transient',
  'store_other',
  'etcd_unreachable',
  'etcd_timeout',
  'etcd_tls',
  'etcd_auth',
  'etcd_corrupt',
  'etcd_other',
  'snapshot_corrupt',
  'snapshot_behind',
  'delta_gap',
  'temp_unwritable',
  'other',
];

/** The label for the code of a Failure. */
export function failureLabel(code: FailureCode): FailureLabel {
  const own = failureLabels.find((label) => label === code);
  if (own !== undefined) {
    return own;
  }
  return code.startsWith('store_') ? 'store_other' : code.startsWith('etcd_') ? 'etcd_other' : 'other';
}
