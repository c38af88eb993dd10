import type { Failure } from '../../runtime/failure.ts';

/** What a cluster makes of our member. */
export type PlaceInCluster =
  /** No cluster with a leader answers. */
  | {
      readonly kind: 'unreachable';
      /** Why; undefined where no member was found to ask. */
      readonly failure: Failure | undefined;
      /** What shows that ours was a member of a cluster, such as its lease; undefined when nothing does. */
      readonly remembered: string | undefined;
    }
  /** It answers and neither has our name nor our peer URLs. */
  | ({ readonly kind: 'unknown to it' } & AnsweringCluster)
  /** It has a member at our peer URLs that has not started yet, and sends everything to it. */
  | ({ readonly kind: 'awaited'; readonly memberId: bigint } & AnsweringCluster)
  /** Our member is a part of it, with a vote or as a learner. */
  | ({ readonly kind: 'member'; readonly memberId: bigint } & AnsweringCluster);

/** A cluster that answers. */
export interface AnsweringCluster {
  /** Undefined where only the list was asked for. */
  readonly clusterId: bigint | undefined;
  /** Ids of all its members. */
  readonly memberIds: readonly bigint[];
  /** Client URLs at which it was found. */
  readonly urls: readonly string[];
}

/** What decides on a data directory asks of the cluster of its member. Each call has its own bounds and throws a Failure. */
export interface MemberOfCluster {
  /** Where our member is; `insists` asks again and again for up to a minute where nobody answers, otherwise once. */
  place(options: { readonly signal: AbortSignal; readonly insists: boolean }): Promise<PlaceInCluster>;
  /**
   * Has our member added as a learner; resolves when the cluster expects one at our peer URLs that has not started. Undefined for
   * one who only looks.
   */
  readonly join: ((options: { readonly signal: AbortSignal }) => Promise<void>) | undefined;
  /** Has our member taken out of the cluster; one that is not there is fine. Undefined for one who only looks. */
  readonly leave: ((options: { readonly signal: AbortSignal }) => Promise<void>) | undefined;
}
