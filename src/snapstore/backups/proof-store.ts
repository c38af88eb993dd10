import type { Logger } from '../../runtime/log/logger.ts';
import { PROOF_PREFIX, type ProofName, parseProofName, proofName } from '../../snapshot/proof-name.ts';
import type { Bucket, CallOptions } from '../bucket.ts';
import { StoreError } from '../store-error.ts';
import { type UploadSettings, uploadInChunks } from '../upload/uploader.ts';

/** What a verification has shown. */
export interface StoredProof extends ProofName {
  /** Names of the snapshots that lead to the revision. */
  readonly snapshots: readonly string[];
  /** A sentence for each thing that is wrong. */
  readonly problems: readonly string[];
}

/** Proofs next to the snapshots that they are about. */
export interface ProofStore {
  /**
   * Writes a proof, and removes those before it but for a few. What may not be removed stays, which harms nobody. Throws a StoreError when
   * it cannot be written. Gives its key.
   */
  record(proof: StoredProof, options: CallOptions): Promise<string>;
}

/** Proofs of a prefix that stay, the newest. */
const kept = 3;

/** Whether a key is that of a proof, or of a part of one. */
export function isProofKey(key: string): boolean {
  return key.split('/').some((part) => parseProofName(part) !== undefined);
}

/** Proofs in a folder (with a slash at its end) of a bucket. Several writers do not disturb each other: no name is written for another proof. */
export function proofsIn(
  bucket: Bucket,
  { folder, upload, log }: { readonly folder: string; readonly upload: UploadSettings; readonly log: Logger },
): ProofStore {
  return {
    async record(proof, options) {
      const bytes = encodeProof(proof);
      const body = (): AsyncIterable<Uint8Array> => once(bytes);
      const key = `${folder}${proofName(proof)}`;
      await uploadInChunks(bucket, { ...options, key, body: body(), again: body, sizeBound: bytes.length }, upload);
      try {
        await removeOld(bucket, folder, options);
      } catch (error) {
        options.signal.throwIfAborted();
        if (!(error instanceof StoreError)) {
          throw error;
        }
        log.debug({ error }, `Older proofs stay: ${error.message}`);
      }
      return key;
    },
  };
}

async function removeOld(bucket: Bucket, folder: string, options: CallOptions): Promise<void> {
  const found: { readonly key: string; readonly on: number }[] = [];
  for await (const { key } of bucket.list(`${folder}${PROOF_PREFIX}`, options)) {
    const parsed = parseProofName(key.slice(folder.length));
    if (parsed !== undefined) {
      found.push({ key, on: parsed.on });
    }
  }
  for (const { key } of found.toSorted((a, b) => b.on - a.on).slice(kept)) {
    await bucket.delete(key, options);
  }
}

function encodeProof({ on, level, sound, revision, snapshots, problems }: StoredProof): Uint8Array {
  const facts = {
    format: 1,
    on: new Date(on * 1_000).toISOString(),
    level,
    sound,
    revision: revision ?? null,
    snapshots,
    problems,
  };
  return Buffer.from(`${JSON.stringify(facts)}\n`);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
