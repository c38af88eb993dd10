import type { Logger } from '../../runtime/log/logger.ts';
import { isAheadOfClock } from '../../snapshot/ahead-of-clock.ts';
import { outweighs } from '../../snapshot/deciding-proof.ts';
import { PROOF_PREFIX, type ProofName, parseProofName, proofLevels, proofName } from '../../snapshot/proof-name.ts';
import type { Bucket, CallOptions } from '../bucket.ts';
import { removeReplaced } from '../remove-replaced.ts';
import { StoreError } from '../store-error.ts';
import type { UploadSettings } from '../upload/upload-request.ts';
import { uploadInChunks } from '../upload/uploader.ts';
import { listOnce } from './list-once.ts';

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
   * Writes a proof, and removes most of those before it. A proof that may not be removed stays, which does no harm. Throws a StoreError
   * when it cannot be written. Gives its key.
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
        await removeOld(bucket, { folder, written: { key, on: proof.on } }, options);
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

/** A proof in a listing. */
interface ListedProof extends ProofName {
  readonly key: string;
  /** Whether it is locked, as far as the listing says. */
  readonly isLocked: boolean;
}

/** Removes what is no longer needed after a proof was written, see {@link outdated}. Throws a StoreError. */
async function removeOld(
  bucket: Bucket,
  { folder, written }: { readonly folder: string; readonly written: Pick<ListedProof, 'key' | 'on'> },
  options: CallOptions,
): Promise<void> {
  const found: ListedProof[] = [];
  for await (const { key, immutableUntil = 0 } of listOnce(bucket, `${folder}${PROOF_PREFIX}`, options)) {
    const parsed = parseProofName(key.slice(folder.length));
    if (parsed !== undefined) {
      found.push({ ...parsed, key, isLocked: immutableUntil > written.on * 1_000 });
    }
  }
  const keys = outdated(found, written).map(({ key }) => key);
  await removeReplaced(bucket, { keys, turn: written.on }, options);
}

/**
 * What may go, in the order in which it is to go: proofs of a clock that was ahead, then the oldest; what is locked last. There stay
 * the one just written, the newest, the newest that found damage which none outweighs, and what outweighs damage that is still there.
 */
function outdated(found: readonly ListedProof[], written: Pick<ListedProof, 'key' | 'on'>): readonly ListedProof[] {
  const isAhead = ({ on }: ListedProof): boolean => isAheadOfClock({ createdOn: on }, written.on);
  const newestFirst = found.filter((each) => !isAhead(each)).toSorted((a, b) => b.on - a.on);
  const sound = proofLevels.flatMap((level) => newestFirst.find((each) => each.sound && each.level === level) ?? []);
  const damage = newestFirst.find((each) => !each.sound && !sound.some((other) => outweighs(other, each)));
  const needed = new Set([
    ...newestFirst.slice(0, kept),
    ...sound.filter((each) => newestFirst.some((other) => outweighs(each, other))),
    ...(damage === undefined ? [] : [damage]),
  ]);
  const old = newestFirst.toReversed().filter((each) => !needed.has(each));
  return [...found.filter(isAhead), ...old]
    .filter(({ key }) => key !== written.key)
    .toSorted((a, b) => Number(a.isLocked) - Number(b.isLocked));
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
