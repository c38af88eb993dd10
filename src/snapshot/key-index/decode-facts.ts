import * as z from 'zod/mini';
import type { FullFacts } from './facts.ts';

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

/** Reads what encodeFacts gives; undefined when they are not what they must be. Unknown fields are left out. */
export function decodeFacts(bytes: Uint8Array): FullFacts | undefined {
  try {
    return schema.safeParse(JSON.parse(Buffer.from(bytes).toString())).data;
  } catch {
    return undefined;
  }
}
