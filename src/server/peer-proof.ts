import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import type { Revision } from '../revision.ts';
import { deadlineIn } from '../runtime/async/deadline.ts';
import type { Clock } from '../runtime/clock.ts';
import { askSidecar, type SidecarSecurity } from './ask-sidecar.ts';
import { addressText, leaderAddress } from './leader-address.ts';
import type { Proof } from './proof.ts';

/** The newest proof of another sidecar. */
export interface PeerProof {
  /** The location of the store that it has verified; null where it has none. */
  readonly store: string | null;
  /** When it was ready, ms since the epoch, and how long it took. */
  readonly at: number;
  readonly seconds: number;
  readonly proof: Proof;
}

/** How other sidecars are reached. */
export interface PeerSidecars {
  /** The port that all of them listen on. */
  readonly port: number;
  readonly security: SidecarSecurity;
}

/** How long the answer may take, ms. */
const answerMs = 10_000;
/** The answer is not larger, bytes: problems of a proof are bounded. */
const longestAnswer = 1024 * 1024;

const time = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text))));
const document = z.object({
  store: z.nullable(z.string()),
  proof: z.object({
    at: time,
    outcome: z.enum(['sound', 'damaged']),
    seconds: z.number(),
    provableRevision: z.nullable(z.int().check(z.nonnegative())),
    provableStateOf: z.nullable(time),
    problems: z.array(z.string()),
  }),
});

/** Asks the sidecar of the member with this client URL for its newest proof. Rejects when there is none in time. */
export async function askPeerProof(
  clientUrl: string,
  { port, security }: PeerSidecars,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<PeerProof> {
  const address = leaderAddress(clientUrl, port);
  if (address === undefined) {
    throw new Error(`the client URL ${clientUrl} has no host and port`);
  }
  using deadline = deadlineIn(answerMs, { signal, clock });
  const request = { method: 'GET', path: '/backup/status', headers: {}, signal: deadline.signal, clock };
  const answer = await deadline.bound(askSidecar(address, security, request));
  const text = await deadline.bound(textOf(answer));
  if (answer.statusCode !== 200) {
    throw new Error(`${addressText(address)} answers with ${answer.statusCode}`);
  }
  const { store, proof } = document.parse(JSON.parse(text));
  const { provableRevision, provableStateOf, problems } = proof;
  return {
    store,
    at: Date.parse(proof.at),
    seconds: proof.seconds,
    proof: {
      sound: proof.outcome === 'sound',
      // The other sidecar has checked it as a revision.
      provable: (provableRevision ?? undefined) as Revision | undefined,
      stateOf: provableStateOf === null ? undefined : Date.parse(provableStateOf),
      problems,
    },
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) {
    text += piece;
    if (text.length > longestAnswer) {
      answer.destroy();
      throw new Error('the answer is too long');
    }
  }
  return text;
}
