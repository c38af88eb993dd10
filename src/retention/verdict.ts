import type { FullDoubt } from './trust.ts';

/** Why a snapshot is kept. */
export type KeepReason =
  | FullDoubt
  | 'left_history'
  | 'base_of_left_history'
  | 'history_in_doubt'
  | 'history_unproven'
  | 'history_announced'
  | 'newest_chain'
  | 'concurrent_writer'
  | 'no_full'
  | 'within_limit'
  | 'created_in_future'
  | 'this_hour'
  | 'newest_of_hour'
  | 'newest_of_day'
  | 'newest_of_week'
  | 'base_of_kept_deltas'
  | 'delta_retention'
  | 'point_in_time'
  | 'immutable'
  | 'part_is_data'
  | 'part_of_upload';

/** Why a snapshot is deleted. */
export type DeleteReason =
  | 'beyond_limit'
  | 'not_newest_of_hour'
  | 'not_newest_of_day'
  | 'not_newest_of_week'
  | 'too_old'
  | 'delta_of_older_chain'
  | 'orphaned_delta'
  | 'left_history_over'
  | 'part_of_saved_snapshot'
  | 'abandoned_part';

/** What to do with a snapshot, and why. */
export type Verdict =
  | { readonly action: 'keep'; readonly reason: KeepReason }
  | { readonly action: 'delete'; readonly reason: DeleteReason };

/** The verdict to keep a snapshot. */
export function keep(reason: KeepReason): Verdict {
  return { action: 'keep', reason };
}

/** The verdict to delete a snapshot. */
export function remove(reason: DeleteReason): Verdict {
  return { action: 'delete', reason };
}

const TEXTS: Readonly<Record<KeepReason | DeleteReason, string>> = {
  newest_chain: 'belongs to the newest full and its deltas',
  concurrent_writer: 'deltas of a concurrent writer after the newest full need it',
  no_full: 'there is no full to restore from',
  within_limit: 'is one of the newest fulls that are kept',
  created_in_future: 'was created in the future',
  this_hour: 'was created in this hour',
  newest_of_hour: 'is the newest full of its hour',
  newest_of_day: 'is the newest full of its day',
  newest_of_week: 'is the newest full of its week',
  base_of_kept_deltas: 'deltas that are kept need it',
  delta_retention: 'is a delta within its retention period',
  point_in_time: 'leads to moments of the window that is kept whole',
  immutable: 'the store does not allow its deletion yet',
  part_is_data: 'is a part that holds the data of a snapshot',
  part_of_upload: 'is a part of a snapshot that may still be uploaded',
  left_history: 'belongs to a history that was left not long ago',
  base_of_left_history: 'a history that was left not long ago needs it',
  history_in_doubt: 'its history is in doubt; see etcdbrctl verify',
  history_unproven: 'may belong to a history that was left: a compaction had removed what could prove it',
  history_announced:
    'its history is announced and not marked for good: without it nothing would tell it from the one that was left',
  full_unsound: 'was read and is damaged, so it takes the place of no other full',
  full_empty: 'is empty, so it takes the place of no other full',
  full_too_small: 'is too small to be trusted unread, so it takes the place of no other full',
  full_from_future: 'was created in the future, so it takes the place of no other full',
  full_beyond_cluster: 'is ahead of the cluster, so it takes the place of no other full',
  beyond_limit: 'is older than the newest fulls that are kept',
  not_newest_of_hour: 'is not the newest full of its hour',
  not_newest_of_day: 'is not the newest full of its day',
  not_newest_of_week: 'is not the newest full of its week',
  too_old: 'is older than five weeks',
  delta_of_older_chain: 'is a delta of an older full, past its retention period',
  orphaned_delta: 'is a delta without its full, past its retention period',
  left_history_over: 'belongs to a history that was left long enough ago',
  part_of_saved_snapshot: 'is a part of a snapshot that is complete',
  abandoned_part: 'is a part of a snapshot that was never completed',
};

/** A reason as text that follows the snapshot's name. */
export function describeReason(reason: KeepReason | DeleteReason): string {
  return TEXTS[reason];
}
