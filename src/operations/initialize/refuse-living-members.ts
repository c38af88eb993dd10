import type { EtcdConnectionOptions } from '../../etcd/cluster.ts';
import { askPeer } from '../../etcd/peer-members.ts';
import { Failure } from '../../runtime/failure.ts';
import { type DataDirState, reasonOf } from './data-dir-state.ts';
import type { MemberInFiles } from './members-in-files.ts';

/** How long each member may take to answer, ms. */
const ANSWER_MS = 5_000;
/** Most members that are asked. A cluster has far fewer, and asking more would take long. */
const MOST_ASKED = 20;

/**
 * Throws a {@link Failure} `cluster_alive` when another member of the cluster that a directory belongs to by its own db answers: it must
 * not be replaced by the only member of a new cluster, as a command line without other members asks.
 */
export async function refuseLivingMembers(
  directory: {
    readonly dataDir: string;
    readonly found: DataDirState;
    /** Of the db. */
    readonly members: readonly MemberInFiles[];
    readonly tls: EtcdConnectionOptions | undefined;
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { dataDir, found, members, tls } = directory;
  const urls = [...new Set(members.flatMap(({ peerUrls }) => peerUrls))].filter((url) => /^https?:/.test(url));
  if (members.length < 2) {
    return;
  }
  const answers = await Promise.all(
    urls.slice(0, MOST_ASKED).map(async (url) => ({
      url,
      answer: await askPeer(url, { ...(tls === undefined ? {} : { tls }), timeoutMs: ANSWER_MS, signal }),
    })),
  );
  const living = answers.filter(
    ({ url, answer }) => answer.kind === 'members' && answer.members.some(({ peerUrls }) => peerUrls.includes(url)),
  );
  if (living.length > 0) {
    throw new Failure({
      code: 'cluster_alive',
      action: 'initialize',
      object: dataDir,
      found: `${reasonOf(found)}; its db names ${members.length} members, of which one answers (${living.map(({ url }) => url).join(', ')}), and --initial-cluster names none of the others`,
      remedy:
        'give --name, --initial-cluster and --initial-advertise-peer-urls of this member; initialize then says how it joins its cluster again. Nothing was changed',
    });
  }
}
