import { Failure } from '../runtime/failure.ts';
import type { CallOptions } from '../snapstore/bucket.ts';
import type { Leadership } from './leadership.ts';

/** What decides whether an object may become visible. */
export interface PublishingLead {
  readonly leadership: Pick<Leadership, 'look' | 'hasLedWithin'>;
  /** Aborts when the lead of the snapshot is lost. */
  readonly lost: AbortSignal;
  /** Aborts when the process is asked to stop. */
  readonly stop: AbortSignal;
  /** At a stop etcd often ends first, in the same pod: an answer of it that is no older, ms, still counts then. */
  readonly recentMs: number;
  /** Of the store, for messages. */
  readonly location: string;
}

/**
 * Asks our member whether it leads, at the last moment before an object becomes visible, so that two sidecars do not write at the
 * same time for longer than one upload. The object holds what a quorum has agreed to in any case. Throws a Failure `lead_lost`.
 */
export function publishPermission({
  leadership,
  lost,
  stop,
  recentMs,
  location,
}: PublishingLead): (options: CallOptions) => Promise<void> {
  return async ({ signal }) => {
    lost.throwIfAborted();
    const look = await leadership.look(signal);
    lost.throwIfAborted();
    if (look.seen === 'leader' || (look.seen === 'nothing' && stop.aborted && leadership.hasLedWithin(recentMs))) {
      return;
    }
    throw leadLost(location, look.seen === 'nothing' ? textOf(look.why) : `it is a ${look.seen}`);
  };
}

/** What decides whether garbage may go. */
export interface DeletingLead extends Pick<PublishingLead, 'leadership' | 'lost' | 'location'> {
  /** A look that saw us lead and was begun no longer ago, ms, is enough: longer than from the begin of one look to the end of the next. */
  readonly freshMs: number;
}

/**
 * Lets deletions pass while looks see that our member leads. A process that stood still asks first: what it meant to delete goes by a
 * listing from before, and another sidecar may have written since. Throws a Failure `lead_lost`.
 */
export function deletePermission({
  leadership,
  lost,
  location,
  freshMs,
}: DeletingLead): (options: CallOptions) => Promise<void> {
  return async ({ signal }) => {
    lost.throwIfAborted();
    if (leadership.hasLedWithin(freshMs)) {
      return;
    }
    const look = await leadership.look(signal);
    lost.throwIfAborted();
    if (look.seen !== 'leader') {
      throw leadLost(location, look.seen === 'nothing' ? textOf(look.why) : `it is a ${look.seen}`, 'delete from');
    }
  };
}

/** The failure of what a sidecar does that does not lead any more. `location` is that of the store. */
export function leadLost(
  location: string,
  why: string,
  action: 'store a snapshot in' | 'delete from' = 'store a snapshot in',
): Failure {
  return new Failure({
    code: 'lead_lost',
    action,
    object: location,
    found: `our etcd member is not known to lead any more: ${why}`,
    remedy: `nothing was ${action === 'delete from' ? 'deleted' : 'published'}; the sidecar of the leader goes on from what the store holds`,
  });
}

function textOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}
