import { eachFiring, type Schedule } from '../operations/snapshot/schedule.ts';
import type { Revision } from '../revision.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { LeaderTask } from './leader-tasks.ts';

/** What an attempt to restore the newest chain has shown. */
export interface Proof {
  /** Whether the newest state can be restored and nothing that was read is damaged. */
  readonly sound: boolean;
  /** The last revision that can be restored; undefined when none can. */
  readonly provable: Revision | undefined;
  /** When the newest snapshot that leads there was taken, ms since the epoch. */
  readonly stateOf: number | undefined;
  /** A sentence for each thing that is wrong. */
  readonly problems: readonly string[];
}

/** News of the verification. Times are in ms since the epoch. */
export type VerificationEvent =
  | { readonly type: 'next verification'; readonly at: number }
  | { readonly type: 'verified'; readonly at: number; readonly seconds: number; readonly proof: Proof }
  /** Whether the backup is sound was not found out. */
  | { readonly type: 'verification failed'; readonly at: number; readonly error: unknown };

/** When and how a backup is verified. */
export interface VerificationParts {
  readonly schedule: Schedule;
  /** Restores the newest chain somewhere and says what that has shown. Throws when it could not be tried. */
  prove(options: { readonly signal: AbortSignal }): Promise<Proof>;
  readonly listener: (event: VerificationEvent) => void;
}

/** Verifies the backup by a schedule, all the time that our member leads. What it finds is logged and passed on; it changes nothing. */
export function verificationTask(
  { schedule, prove, listener }: VerificationParts,
  context: Pick<RunContext, 'clock' | 'log'>,
): LeaderTask {
  const { clock } = context;
  const log = context.log.child({ actor: 'verification' });
  return {
    name: 'verify the backup',
    async run(signal) {
      const onNext = (at: number): void => listener({ type: 'next verification', at });
      for await (const _ of eachFiring(schedule, { clock, signal, onNext })) {
        const begunAt = clock.monotonic();
        try {
          const proof = await prove({ signal });
          const seconds = (clock.monotonic() - begunAt) / 1_000;
          report(proof, seconds, log);
          listener({ type: 'verified', at: clock.now(), seconds, proof });
        } catch (error) {
          signal.throwIfAborted();
          log.error({ error }, `Whether the backup can be restored was not found out: ${textOf(error)}`);
          listener({ type: 'verification failed', at: clock.now(), error });
        }
      }
    },
  };
}

function report({ sound, provable, problems }: Proof, seconds: number, log: RunContext['log']): void {
  const upTo = provable === undefined ? 'nothing of it' : `revision ${provable}`;
  if (sound) {
    log.info({ revision: provable, seconds }, `The backup was restored for a proof: ${upTo} is there`);
  } else {
    const [first = 'see etcdbrctl verify'] = problems;
    log.error({ revision: provable, problems }, `The backup is damaged, ${upTo} can be restored: ${first}`);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
