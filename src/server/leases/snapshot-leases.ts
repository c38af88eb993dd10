import { boundedCall } from '../../kube/bounded-call.ts';
import { deltaLeasePatch, fullLeasePatch } from '../../kube/lease-patches.ts';
import type { Leases } from '../../kube/leases.ts';
import type { SnapshotterListener } from '../../operations/snapshot/events.ts';
import type { Revision } from '../../revision.ts';
import { runTaskGroup } from '../../runtime/async/task-group.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { LatestValue } from './latest-value.ts';
import { LeaseCondition } from './lease-condition.ts';

/** How long one renewal may take, and the wait before a failed one of fulls is tried again, ms. */
const renewalMs = 60_000;

/** Which leases hold the revisions of the backup. */
export interface SnapshotLeaseNames {
  readonly full: string;
  readonly delta: string;
}

/**
 * Keeps two leases up to date while our member leads: one holds the revision of the newest full, the other that of the newest
 * delta, and its time says when all changes were last in the store. Nothing here delays or fails a backup.
 */
export class SnapshotLeases {
  readonly #leases: () => Promise<Leases>;
  readonly #names: SnapshotLeaseNames;
  readonly #fulls = new LatestValue<StoredSnapshot>();
  readonly #deltas = new LatestValue<{ readonly lastRevision: Revision | undefined; readonly now: number }>();
  readonly #context: Omit<RunContext, 'signal'>;
  readonly #conditions: { readonly full: LeaseCondition; readonly delta: LeaseCondition };
  #lastDelta: Revision | undefined;

  constructor(
    { leases, names }: { readonly leases: () => Promise<Leases>; readonly names: SnapshotLeaseNames },
    context: Omit<RunContext, 'signal'>,
  ) {
    this.#leases = leases;
    this.#names = names;
    this.#context = context;
    this.#conditions = {
      full: new LeaseCondition(`the lease of full snapshots, ${names.full}`, context.log),
      delta: new LeaseCondition(`the lease of delta snapshots, ${names.delta}`, context.log),
    };
  }

  /** Takes the events of the snapshotter. */
  readonly listener: SnapshotterListener = (event) => {
    switch (event.type) {
      case 'stored': {
        const { full, deltas } = event.chain;
        this.#lastDelta = deltas.at(-1)?.lastRevision;
        if (event.snapshot.kind === 'Full' && full !== undefined) {
          this.#fulls.offer(full);
        } else {
          this.#offerDelta();
        }
        break;
      }
      case 'deltas up to date':
        this.#offerDelta();
        break;
      default:
    }
  };

  /** Renews both until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await runTaskGroup([(stop) => this.#renewFulls(stop), (stop) => this.#renewDeltas(stop)], signal);
  }

  #offerDelta(): void {
    this.#deltas.offer({ lastRevision: this.#lastDelta, now: this.#context.clock.now() });
  }

  async #renewFulls(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    for (;;) {
      const full = await this.#fulls.take(signal);
      const outcome = await this.#renew(
        'full',
        async (stop) =>
          (await this.#leases()).renew(this.#names.full, (lease) => fullLeasePatch(lease, full), { signal: stop }),
        signal,
      );
      if (outcome === 'failed') {
        await clock.sleep(renewalMs, signal);
        this.#fulls.offerAgain(full);
      }
    }
  }

  async #renewDeltas(signal: AbortSignal): Promise<void> {
    for (;;) {
      const news = await this.#deltas.take(signal);
      await this.#renew(
        'delta',
        async (stop) =>
          (await this.#leases()).renew(this.#names.delta, (lease) => deltaLeasePatch(lease, news), { signal: stop }),
        signal,
      );
    }
  }

  async #renew(
    which: keyof SnapshotLeaseNames,
    call: (signal: AbortSignal) => Promise<'renewed' | 'left'>,
    signal: AbortSignal,
  ): Promise<'done' | 'failed'> {
    const condition = this.#conditions[which];
    try {
      const outcome = await boundedCall(call, { ms: renewalMs, clock: this.#context.clock, signal });
      if (outcome === 'left') {
        condition.higher();
      } else {
        condition.renewed();
      }
      return 'done';
    } catch (error) {
      signal.throwIfAborted();
      condition.failed(error);
      return 'failed';
    }
  }
}
