import { decompress } from '../snapshot/compression.ts';
import { checkSealed } from '../snapshot/encryption/check-sealed.ts';
import { decrypt } from '../snapshot/encryption/decrypt.ts';
import { Identities } from '../snapshot/encryption/identities.ts';
import type { Compression, Encryption } from '../snapshot/snapshot.ts';
import { checkTrailingHash } from '../snapshot/trailing-hash.ts';
import type { InspectedPart, Inspection } from '../snapstore/upload/inspection.ts';
import { digestsOf, type PartDigest } from '../snapstore/upload/part-digests.ts';

/** What is known of an object before its bytes come. */
export interface ContentCheckTask {
  readonly compression: Compression;
  /** An encrypted object is not opened: what can be checked is its structure alone. */
  readonly encryption?: Encryption | undefined;
  /** The digests that are made of each part. */
  readonly digests: readonly PartDigest[];
}

/** Parts up to this many bytes are copied: a decompressor may take them in before it reads them. */
const SMALL = 1024 * 1024;

/** A part that waits to be checked. */
interface WaitingPart {
  readonly bytes: Uint8Array;
  readonly used: () => void;
}

/**
 * Checks the hash inside an object that comes in parts. The verdict rejects with {@link CompressionDamage} or
 * {@link HashDamage}.
 */
export class ContentCheck implements Inspection, Disposable {
  readonly #task: ContentCheckTask;
  readonly #waiting: WaitingPart[] = [];
  readonly #outcome: Promise<void>;
  #ended = false;
  #wake: () => void = () => {};

  /** `identities` open an encrypted object; without any, its structure alone is checked. */
  constructor(task: ContentCheckTask, identities: Identities = Identities.none) {
    this.#task = task;
    const { compression, encryption } = task;
    const parts =
      encryption === undefined || identities.count === 0 ? this.#parts() : decrypt(this.#parts(), identities);
    this.#outcome =
      encryption !== undefined && identities.count === 0
        ? checkSealed(parts)
        : // Several objects are checked at once.
          checkTrailingHash(decompress(parts, compression, { piecesInFlight: 2, onReusedPiece: () => undefined }));
    this.#outcome.catch(() => undefined);
  }

  async inspect(bytes: Uint8Array): Promise<InspectedPart> {
    const kept = this.#task.compression !== 'none' && bytes.length <= SMALL ? Uint8Array.from(bytes) : bytes;
    const { promise: used, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes: kept, used: resolve });
    this.#wake();
    const digests = digestsOf(bytes, this.#task.digests);
    // After damage no more parts are asked for.
    await Promise.race([used, this.#outcome.catch(() => undefined)]);
    return { bytes, digests };
  }

  verdict(): Promise<void> {
    this.#end();
    return this.#outcome;
  }

  /** Ends a check whose verdict is not needed any more. */
  [Symbol.dispose](): void {
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *#parts(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        yield next.bytes;
        next.used();
      } else if (this.#ended) {
        return;
      } else {
        const woken = Promise.withResolvers<void>();
        this.#wake = woken.resolve;
        await woken.promise;
      }
    }
  }
}
