import * as z from 'zod/mini';
import { Database } from '../../datadir/bbolt/database.ts';
import { Damage } from '../../datadir/damage.ts';

/** A member of the cluster whose files these are. */
export interface MemberInFiles {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** A cluster has far fewer members. */
const MOST_MEMBERS = 1_000;

const schema = z.object({ name: z._default(z.string(), ''), peerURLs: z._default(z.array(z.string()), []) });

/** The members of its cluster that a db names, as far as it can be read; none for a damaged one. */
export async function membersInFiles(
  db: string,
  options: { readonly signal: AbortSignal },
): Promise<readonly MemberInFiles[]> {
  const members: MemberInFiles[] = [];
  try {
    await using database = await Database.open(db);
    const bucket = await database.bucket('members');
    for await (const leaf of bucket?.leaves(options) ?? []) {
      for (let index = 0; index < leaf.count && members.length < MOST_MEMBERS; index++) {
        const parsed = schema.safeParse(parsedJson(Buffer.from(leaf.value(index)).toString('utf8')));
        if (parsed.success) {
          members.push({ name: parsed.data.name, peerUrls: parsed.data.peerURLs });
        }
      }
    }
  } catch (error) {
    if (!(error instanceof Damage)) {
      throw error;
    }
  }
  return members;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
