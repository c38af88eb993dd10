import type { PrometheusMetrics } from '../metrics/prometheus-metrics.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { BackgroundTask } from './background-task.ts';
import { LearnerLag } from './learner-lag.ts';
import type { Membership } from './member/membership.ts';

/** The wait before a comparison of peer URLs that has failed is tried again, ms. */
const againMs = 60_000;

/** What a sidecar does about the membership of its member while etcd runs: in the background; nothing waits for it. */
export class MembershipDuties {
  readonly #promotion: BackgroundTask;
  readonly #peerUrls: BackgroundTask;

  /** Without a membership nothing is done. The context's signal ends what goes on. */
  constructor(
    {
      membership,
      metrics,
    }: { readonly membership: Membership | undefined; readonly metrics: Pick<PrometheusMetrics, 'memberPromoted'> },
    context: RunContext,
  ) {
    const { clock } = context;
    const log = context.log.child({ actor: 'member' });
    const lags = new LearnerLag({ clock, log });
    const promote = async (signal: AbortSignal): Promise<void> => {
      const begunAt = clock.monotonic();
      const seconds = (): number => (clock.monotonic() - begunAt) / 1_000;
      try {
        const outcome = await membership?.promote({ signal });
        if (outcome === 'not ready') {
          lags.notReady();
          metrics.memberPromoted({ seconds: seconds(), outcome: 'failed' });
        } else if (outcome !== undefined) {
          lags.over();
          log.info(outcome === 'promoted' ? 'Our member has a vote now' : 'Our member has a vote already');
          metrics.memberPromoted({ seconds: seconds(), outcome: 'succeeded' });
        }
      } catch (error) {
        metrics.memberPromoted({ seconds: seconds(), outcome: 'failed' });
        throw error;
      }
    };
    const checkOnce = async (signal: AbortSignal): Promise<void> => {
      const outcome = await membership?.updatePeerUrls({ signal });
      if (outcome === 'updated, wants a restart') {
        log.warn('The peer URLs of our member were changed; etcd listens at them after a restart');
      } else if (outcome === 'updated and stopped') {
        log.info('The peer URLs of our member were changed, and etcd was asked to start again');
      }
    };
    // After one refusal, as while a password is being changed, the new peer URLs would otherwise never be written.
    const checkPeerUrls = async (signal: AbortSignal): Promise<void> => {
      for (let said: string | undefined; ; ) {
        try {
          await checkOnce(signal);
          return;
        } catch (error) {
          signal.throwIfAborted();
          const why = error instanceof Error ? error.message : String(error);
          const text = `Failed to check the peer URLs of our member, trying again in ${againMs / 1_000} s: ${why}`;
          log[text === said ? 'debug' : 'warn']({ error }, text);
          said = text;
        }
        await clock.sleep(againMs, signal);
      }
    };
    this.#promotion = new BackgroundTask('promote our member', promote, { signal: context.signal, log });
    this.#peerUrls = new BackgroundTask('check the peer URLs of our member', checkPeerUrls, {
      signal: context.signal,
      log,
    });
  }

  /** Tries once to give our learner its vote, unless that goes on. */
  promote(): void {
    this.#promotion.wantOne();
  }

  /** Compares the peer URLs with the configuration, again where that goes on. */
  checkPeerUrls(): void {
    this.#peerUrls.want();
  }

  /** Resolves when nothing goes on. */
  async ended(): Promise<void> {
    await Promise.all([this.#promotion.ended(), this.#peerUrls.ended()]);
  }
}
