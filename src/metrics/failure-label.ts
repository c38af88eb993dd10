/** The values of the label `error`: a small fixed set, never free text. */
export const failureLabels: readonly string[] = [
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
export function failureLabel(code: string): string {
  if (failureLabels.includes(code)) {
    return code;
  }
  const room = /^(store|etcd)_/.exec(code)?.[1];
  return room === undefined ? 'other' : `${room}_other`;
}
