import * as z from 'zod/mini';
import { longestRunName, type ShardNumber } from '../../snapstore/fleet/result-objects.ts';
import type { LastProof } from './last-proof.ts';

/** What one share of a verification of the fleet found out. */
export interface ShardResult {
  /** Shares of one verification have the same. */
  readonly run: string;
  readonly shard: ShardNumber;
  /** Whole seconds since the epoch. */
  readonly startedOn: number;
  readonly endedOn: number;
  readonly prefixes: readonly { readonly prefix: string; readonly proof: LastProof }[];
  /** Prefixes of this share that could not be verified, and why. */
  readonly failed: readonly { readonly prefix: string; readonly text: string }[];
}

const FORMAT = 1;
const longestPrefix = 2_048;
const name = z.string().check(z.maxLength(longestPrefix));
const seconds = z.int().check(z.nonnegative(), z.maximum(253_402_300_799));
const schema = z.object({
  format: z.literal(FORMAT),
  run: z.string().check(z.maxLength(longestRunName)),
  shard: z.object({ index: z.int().check(z.nonnegative()), count: z.int().check(z.positive(), z.maximum(999_999)) }),
  startedOn: seconds,
  endedOn: seconds,
  prefixes: z.array(
    z.object({
      prefix: name,
      on: seconds,
      level: z.enum(['catalog', 'hash', 'structure', 'restore']),
      sound: z.boolean(),
      revision: z.nullable(z.int().check(z.nonnegative())),
      problems: z.array(z.string().check(z.maxLength(1_000))).check(z.maxLength(100)),
    }),
  ),
  failed: z.array(z.object({ prefix: name, text: z.string().check(z.maxLength(2_000)) })),
});

/** A result as its object's bytes: JSON with a format number. */
export function encodeResult({ run, shard, startedOn, endedOn, prefixes, failed }: ShardResult): Uint8Array {
  const rows = prefixes.map(({ prefix, proof: { on, level, sound, revision = null, problems } }) => ({
    ...{ prefix, on, level, sound, revision, problems },
  }));
  // A folder of a local store may have a longer path than a prefix.
  const cut = failed.map(({ prefix, text }) => ({
    prefix: prefix.slice(0, longestPrefix),
    text: text.slice(0, 1_000),
  }));
  return Buffer.from(
    `${JSON.stringify({ format: FORMAT, run, shard, startedOn, endedOn, prefixes: rows, failed: cut })}\n`,
  );
}

/** The inverse of {@link encodeResult}; undefined for what is no result. */
export function decodeResult(bytes: Uint8Array): ShardResult | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  const found = schema.safeParse(parsed).data;
  return found === undefined
    ? undefined
    : {
        ...found,
        prefixes: found.prefixes.map(({ prefix, revision, ...proof }) => ({
          prefix,
          proof: { ...proof, revision: revision ?? undefined },
        })),
      };
}
