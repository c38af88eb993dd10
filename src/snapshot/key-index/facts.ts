import * as z from 'zod/mini';

/** An id of 64 bits, hexadecimal, as etcdctl prints it. */
const id = z.string().check(z.regex(/^[0-9a-f]{1,16}$/));
const decimal = z.string().check(z.regex(/^\d{1,20}$/));
const words = z.string().check(z.maxLength(100));
const revision = z.int().check(z.gte(0));

const schema = z.object({
  clusterId: z.optional(id),
  memberId: z.optional(id),
  etcdVersion: z.optional(words),
  raftTerm: z.optional(decimal),
  raftIndex: z.optional(decimal),
  takenAt: z.optional(words),
  writtenBy: words,
  lastRevision: revision,
  compactRevision: revision,
  pageSize: z.int().check(z.gte(1024), z.lte(16 * 1024 * 1024)),
});

/** Where the database of a full comes from, as the full itself tells. */
export interface FullFacts {
  /** Of the cluster, hexadecimal; like what follows left out where it is not known. */
  readonly clusterId?: string | undefined;
  /** Of the member that sent it, hexadecimal. */
  readonly memberId?: string | undefined;
  /** Of that member. */
  readonly etcdVersion?: string | undefined;
  /** The last entry of the raft log that the database has applied, and its term, decimal. */
  readonly raftTerm?: string | undefined;
  readonly raftIndex?: string | undefined;
  /** When etcd was asked for it, RFC 3339. */
  readonly takenAt?: string | undefined;
  /** The version of this program. */
  readonly writtenBy: string;
  /** The true last revision of the database. */
  readonly lastRevision: number;
  /** No earlier revision can be read; 0 where nothing was compacted. */
  readonly compactRevision: number;
  /** Bytes of a page of the database. */
  readonly pageSize: number;
}

/** The id of the cluster that a full tells. */
export function clusterIdIn({ clusterId }: Pick<FullFacts, 'clusterId'>): bigint | undefined {
  const known = clusterId === undefined ? 0n : BigInt(`0x${clusterId}`);
  return known === 0n ? undefined : known;
}

/** The facts as JSON. */
export function encodeFacts(facts: FullFacts): Uint8Array {
  return Buffer.from(JSON.stringify(facts));
}

/** Reads {@link encodeFacts}; undefined when they are not what they must be. Unknown fields are left out. */
export function decodeFacts(bytes: Uint8Array): FullFacts | undefined {
  try {
    return schema.safeParse(JSON.parse(Buffer.from(bytes).toString())).data;
  } catch {
    return undefined;
  }
}
