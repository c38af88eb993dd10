import { type ServiceError, status } from '@grpc/grpc-js';
import { type Revision, revision } from '../../revision.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { DeltaEvent } from '../../snapshot/delta-event.ts';
import type { RevisionProof } from '../../snapshot/history/revision-proof.ts';
import type { WatchBatch } from '../cluster.ts';
import type { MemberClient, OpenStream } from '../connection/member-client.ts';
import { CompactedFailure } from '../etcd-failure.ts';
import { arrivedMessages } from '../rpc/arrived-messages.ts';
import { watchRpc } from '../rpc/rpc.ts';
import { followHistory } from './continuity.ts';
import { HistoryCheck } from './history-check.ts';
import { TransactionJoiner } from './transaction-joiner.ts';
import type { ResponseHeader, WatchResponse } from './watch-response.ts';

/** One try to watch at one member. */
export interface WatchAttempt {
  readonly from: Revision;
  /** What is known of the revision before {@link from}: the member has to have the same events. */
  readonly known: RevisionProof | undefined;
  readonly signal: AbortSignal;
  readonly token: string | undefined;
  readonly clock: Clock;
  /** How long the member may take to accept the watch, ms. */
  readonly acceptTimeoutMs: number;
  /** Called when the member has accepted the watch; an error it throws ends the attempt. */
  readonly onAccepted: (header: ResponseHeader) => void;
}

/** The range [\0, \0) means every key. */
const everyKey = Buffer.from([0]);

/**
 * Watches every key at `member` until the stream breaks, and throws the reason: a gRPC error, a {@link CompactedFailure},
 * a HistoryChangedFailure, a TransactionTooLarge, or the `etcd_history_gap` of {@link followHistory}.
 */
export async function* watchAt(member: MemberClient, attempt: WatchAttempt): AsyncGenerator<WatchBatch> {
  const { signal, token, known } = attempt;
  const check = known === undefined ? undefined : new HistoryCheck(known, member.endpoint.url);
  const request = {
    create_request: {
      key: everyKey,
      range_end: everyKey,
      start_revision: known?.revision ?? attempt.from,
      progress_notify: true,
      // Otherwise a message might hold a thousand revisions at once, and messages could have no limit.
      fragment: true,
    },
  };
  using stream = member.duplexStream(watchRpc, request, { signal, token });
  using acceptance = expectAcceptance(stream, attempt);
  const joiner = new TransactionJoiner({ endpoint: member.endpoint.url });
  let next = attempt.from;
  for await (const bundle of arrivedMessages(stream.call)) {
    const events: DeltaEvent[] = [];
    for (const response of bundle) {
      refuseCanceled(response, { member, from: next, check });
      if (response.created && response.header !== undefined) {
        acceptance.accepted();
        attempt.onAccepted(response.header);
      }
      append(events, joiner.join(response));
    }
    const following = check?.pass(events) ?? events;
    next = followHistory(following, { next, endpoint: member.endpoint.url });
    if (next > 1 && check?.isPending !== true) {
      yield { revision: revision(next - 1), events: following };
    }
  }
  throw rpcError(status.UNAVAILABLE, 'the member ended the stream');
}

/** `push(...many)` would overflow the stack with a message of very many events. */
function append(events: DeltaEvent[], more: readonly DeltaEvent[]): void {
  for (const event of more) {
    events.push(event);
  }
}

function refuseCanceled(
  response: WatchResponse,
  at: { readonly member: MemberClient; readonly from: Revision; readonly check: HistoryCheck | undefined },
): void {
  const { compactRevision } = response;
  if (compactRevision !== undefined) {
    if (at.check !== undefined && compactRevision <= at.from) {
      throw at.check.compacted();
    }
    throw new CompactedFailure({ endpoint: at.member.endpoint.url, from: at.from, compactRevision });
  }
  if (response.canceled) {
    const reason = response.cancelReason;
    throw reason === ''
      ? rpcError(status.UNAVAILABLE, 'the member ended the watch')
      : rpcError(reason.includes('etcdserver: no leader') ? status.UNAVAILABLE : status.UNKNOWN, reason);
  }
}

/** A member refuses a watch inside a message; this makes it the error that other calls are refused with. */
function rpcError(code: status, details: string): Error & Pick<ServiceError, 'code' | 'details'> {
  return Object.assign(new Error(details), { code, details });
}

/** Cancels the stream when the member does not accept the watch in time. */
function expectAcceptance(
  stream: OpenStream<unknown, WatchResponse>,
  { clock, acceptTimeoutMs }: WatchAttempt,
): Disposable & { accepted(): void } {
  const controller = new AbortController();
  clock.sleep(acceptTimeoutMs, controller.signal).then(
    () => stream.call.destroy(rpcError(status.DEADLINE_EXCEEDED, 'the watch was not accepted in time')),
    () => {},
  );
  const stop = (): void => controller.abort();
  return { accepted: stop, [Symbol.dispose]: stop };
}
