import type { ClusterHistory } from '../../../etcd/cluster-history.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { RevisionProof } from '../../../snapshot/history/revision-proof.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { lastProofInDatabase } from './database-proof.ts';
import { samplesInDatabase } from './samples-in-database.ts';
import { proofOfSnapshot, readFull } from './snapshot-proof.ts';

/** A full in the store is read for a comparison at the start only up to this size, bytes. */
const LARGEST_COMPARED = 256 * 1024 * 1024;

/** Where what is learned comes from, and which history it is for. */
export interface EndSource {
  readonly store: SnapStore;
  readonly tempDir: string;
  readonly history: ClusterHistory;
}

/**
 * Learns the events at the end of what is stored of a history, whole snapshots in chain order. A name that is ahead of the clock proves
 * nothing until its contents are read. Resolves with the revision that the store reaches, as far as that can be believed.
 */
export async function learnEnd(
  source: EndSource,
  living: readonly StoredSnapshot[],
  context: RunContext,
): Promise<Revision> {
  const credible = living.filter(({ ahead }) => ahead === undefined);
  const reach = revision(credible.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0));
  const tip = living.at(-1);
  if (tip !== undefined && (await compareWith(source, tip, context))) {
    return revision(Math.max(reach, tip.lastRevision));
  }
  const otherwise = credible.at(-1);
  if (otherwise !== undefined && otherwise !== tip) {
    await compareWith(source, otherwise, context);
  }
  return reach;
}

/** Learns the events at the end of a snapshot. False when they cannot be had. */
async function compareWith(source: EndSource, tip: StoredSnapshot, context: RunContext): Promise<boolean> {
  if (tip.kind === 'Full' && tip.size > LARGEST_COMPARED) {
    return false;
  }
  try {
    const proof = await eventsAtEnd(source, tip, context);
    if (proof !== undefined && proof.count > 0) {
      source.history.proved(proof);
    }
    return proof !== undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    const text = `${tip.name} cannot be compared with the cluster`;
    context.log.warn({ snapshot: tip.name, error }, `${text}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

async function eventsAtEnd(
  { store, tempDir, history }: EndSource,
  snapshot: StoredSnapshot,
  context: RunContext,
): Promise<RevisionProof | undefined> {
  if (snapshot.kind === 'Incr') {
    return await proofOfSnapshot({ store, tempDir, snapshot }, context);
  }
  const learn = async (path: string): Promise<RevisionProof> => {
    history.sampled(await samplesInDatabase(path, context));
    return await lastProofInDatabase(path, context);
  };
  return await readFull({ store, tempDir, full: snapshot }, learn, context);
}
