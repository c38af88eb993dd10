import type { DataDirState } from './data-dir-state.ts';
import type { PlaceInCluster } from './place-in-cluster.ts';
import type { StoredBackups } from './stored-backups.ts';

/** All that the decision on a data directory depends on. */
export interface Situation {
  readonly found: DataDirState['state'];
  /** Whether the configuration names several members. */
  readonly members: 'one' | 'several';
  readonly store: StoredBackups['content'];
  /** Matters for one of several. */
  readonly cluster: PlaceInCluster['kind'] | 'not asked';
  /** Whose files they are by what the log says of itself. */
  readonly files: FilesOwner;
  /** Something shows that ours was a member, while no cluster answers. */
  readonly remembered: boolean;
  /** A sidecar changes the cluster, and never restores one of several; a person answers for what they do alone. */
  readonly decidedBy: 'sidecar' | 'person';
}

/** Whom the files of a directory belong to, held against the members of the cluster that answers. */
export type FilesOwner =
  | 'our member'
  | 'another member'
  /** Of this cluster, but no member of it any more. */
  | 'a removed member'
  | 'another cluster'
  | 'unknown';

/** What is done about a data directory. */
export type Decision =
  | { readonly action: 'keep' }
  /** From the backup. */
  | { readonly action: 'restore' }
  /** A new member, which may also be the first, starts with nothing: once the store has proved that it is empty. */
  | { readonly action: 'start anew' }
  /** The cluster expects a member that starts with nothing. */
  | { readonly action: 'make way' }
  /** The cluster is asked to take our member as a learner; what is there makes way. */
  | { readonly action: 'join' }
  /** Our member is taken out of the cluster and joins it again. */
  | { readonly action: 'rebuild' }
  | { readonly action: 'refuse'; readonly because: Refusal };

/** Why nothing is done. Nothing was changed then. */
export type Refusal =
  | 'wrong volume'
  | 'locked'
  | 'no store'
  | 'store unusable'
  /** Its cluster is alive, and the command was only asked to look. */
  | 'cluster alive'
  /** It was a member, and no quorum of the others answers. */
  | 'no quorum'
  /** There are backups and no cluster: only a person restores a cluster of several. */
  | 'members lost'
  /** Not known to be lost, and nobody answers. */
  | 'cluster unreachable'
  /** The directory is another member's. */
  | 'files of another member'
  | 'files of another cluster';

/**
 * What is done about a data directory, for one member and for one of several, by a sidecar and by a person: the one place where
 * this is decided. Whatever is not covered by proof is refused: one of several never begins a second cluster, and loses its
 * directory only to a cluster that answers and sends everything to it again.
 */
export function decide(situation: Situation): Decision {
  const { found, members, decidedBy } = situation;
  if (found === 'wrong_volume' || found === 'locked') {
    return refuse(found === 'locked' ? 'locked' : 'wrong volume');
  }
  const decision = members === 'one' ? decideAlone(situation) : decideAmongSeveral(situation);
  const changesCluster = decision.action === 'join' || decision.action === 'rebuild';
  return changesCluster && decidedBy === 'person' ? refuse('cluster alive') : decision;
}

function decideAlone({ found, store }: Situation): Decision {
  if (found === 'valid') {
    return { action: 'keep' };
  }
  switch (store) {
    case 'not configured':
      return found === 'absent' ? { action: 'start anew' } : refuse('no store');
    case 'unusable':
      return refuse('store unusable');
    case 'backups':
      return { action: 'restore' };
    case 'empty':
      return { action: 'start anew' };
    default:
      return store satisfies never;
  }
}

function decideAmongSeveral(situation: Situation): Decision {
  const { found, cluster, files } = situation;
  if (cluster === 'not asked' || cluster === 'unreachable') {
    return decideWithoutCluster(situation);
  }
  if (files === 'another member') {
    return refuse('files of another member');
  }
  if (found === 'valid' && files === 'another cluster') {
    return refuse('files of another cluster');
  }
  switch (cluster) {
    case 'unknown to it':
      return { action: 'join' };
    case 'awaited':
      // It has begun already, and has shown its leader what it has: with less it could not go on.
      return files !== 'our member' ? { action: 'make way' } : { action: found === 'valid' ? 'keep' : 'rebuild' };
    case 'member':
      return { action: found === 'valid' && files !== 'a removed member' ? 'keep' : 'rebuild' };
    default:
      return cluster satisfies never;
  }
}

function decideWithoutCluster({ found, store, remembered, decidedBy }: Situation): Decision {
  if (found === 'valid') {
    return { action: 'keep' };
  }
  if (remembered) {
    return refuse('no quorum');
  }
  switch (store) {
    case 'unusable':
      return refuse('store unusable');
    case 'backups':
      return decidedBy === 'person' ? { action: 'restore' } : refuse('members lost');
    case 'not configured':
    case 'empty':
      if (found === 'absent') {
        return { action: 'start anew' };
      }
      return refuse(store === 'not configured' && decidedBy === 'person' ? 'no store' : 'cluster unreachable');
    default:
      return store satisfies never;
  }
}

function refuse(because: Refusal): Decision {
  return { action: 'refuse', because };
}
