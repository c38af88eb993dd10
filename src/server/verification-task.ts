import { eachFiring, type Schedule } from '../operations/snapshot/schedule.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { ChosenVerifier, VerificationFiring } from './choose-verifier.ts';
import type { LeaderTask } from './leader-tasks.ts';
import type { Proof } from './proof.ts';

/** News of the verification. Times are in ms since the epoch. */
export type VerificationEvent =
  | { readonly type: 'next verification'; readonly at: number }
  | { readonly type: 'verified'; readonly at: number; readonly seconds: number; readonly proof: Proof }
  /** The sidecar of another member verifies from now on: what was found out here counts no longer. */
  | { readonly type: 'left to another' }
  /** Whether the backup is sound was not found out. */
  | { readonly type: 'verification failed'; readonly at: number; readonly error: unknown };

/** When and how a backup is verified. */
export interface VerificationParts {
  readonly schedule: Schedule;
  /** Restores the newest chain somewhere and says what that has shown. Throws when it could not be tried. */
  prove(options: { readonly signal: AbortSignal }): Promise<Proof>;
  /** Who does it this time. */
  turn(firing: VerificationFiring): Promise<ChosenVerifier>;
  readonly listener: (event: VerificationEvent) => void;
}

/** Verifies the backup by a schedule, whenever it is our turn. What it finds is logged and passed on; it changes nothing. */
export function verificationTask(
  { schedule, prove, turn, listener }: VerificationParts,
  context: Pick<RunContext, 'clock' | 'log'>,
): LeaderTask {
  const { clock } = context;
  const log = context.log.child({ actor: 'verification' });
  return {
    name: 'verify the backup',
    async run(signal) {
      const onNext = (at: number): void => listener({ type: 'next verification', at });
      for await (const due of eachFiring(schedule, { clock, signal, onNext })) {
        const whose = await turn({ due, periodMs: schedule.nextFiring(due) - due, signal });
        if (whose.kind === 'not known') {
          continue;
        }
        if (whose.kind === 'not ours') {
          listener({ type: 'left to another' });
          continue;
        }
        if (whose.kind === 'done') {
          const { by, at, seconds, proof } = whose;
          log.info(
            { by, revision: proof.provable },
            `The sidecar of ${by} has restored the backup for a proof: ${upTo(proof)} is there`,
          );
          listener({ type: 'verified', at, seconds, proof });
          continue;
        }
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

function report(proof: Proof, seconds: number, log: RunContext['log']): void {
  const { sound, provable: revision, problems } = proof;
  if (sound) {
    log.info({ revision, seconds }, `The backup was restored for a proof: ${upTo(proof)} is there`);
  } else {
    const [first = 'see etcdbrctl verify'] = problems;
    log.error({ revision, problems }, `The backup is damaged, ${upTo(proof)} can be restored: ${first}`);
  }
}

function upTo({ provable }: Proof): string {
  return provable === undefined ? 'nothing of it' : `revision ${provable}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
