import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';
import { accessPointCount } from './access-points.ts';

const gzipPiece = promisify(gzip) as (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>;

/** The distances that are tried, bytes: nearer ones cost more than they save, and zlib takes longer for those between. */
const distances = [64 * 1024, 128 * 1024, 256 * 1024] as const;

/** The most by which access points may make a member larger, as a share. */
const mostLarger = 0.0045;

/** Contents that shrink to a smaller share are alike over long distances: access points would make them larger by more. */
const leastShare = 0.1;

/** Bytes of the parts of a sample that are compressed by themselves. */
const partSize = 64 * 1024;

/** Bytes of a gzip header and trailer, less those that end what is before an access point. */
const partOverhead = 18 - 5;

/** Blocks before the first choice, so that small objects do without, and from each to the next. */
const firstChoice = 8;
const blocksPerChoice = 128;

/** Members that shrink to less than this share of what the sample did are other contents. */
const stillAlike = 0.75;

/** What is chosen, and the contents that it was chosen for. */
interface Choice {
  /** Undefined where there are to be no access points. */
  readonly distance: number | undefined;
  /** What the sample shrank to. */
  readonly share: number;
}

/** How a block was compressed. */
interface EncodedSize {
  readonly level: number;
  /** Bytes that it became. */
  readonly size: number;
}

/**
 * Chooses how far access points are apart in the members of an object: as near to each other as makes the members hardly larger, by a
 * sample each 64 MiB. Contents that are alike over long distances, as objects of Kubernetes are, get none.
 */
export class AccessPointDistance {
  readonly #blockSize: number;
  #blocks = 0;
  #choice: Choice = { distance: undefined, share: 0 };
  #newestShare = 1;
  /** The block that is the next sample, while it is encoded. */
  #sample: Uint8Array | undefined;
  /** By how much each access point made the newest sample larger, bytes. */
  #perPoint: number | undefined;

  /** For members that hold `blockSize` bytes. */
  constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /**
   * The distance for the next block, that of blocks where only this one is to have no access points; undefined as long as none is to have
   * any.
   */
  next(block: Uint8Array): number | undefined {
    const isSample = this.#blocks % blocksPerChoice === firstChoice && block.length === this.#blockSize;
    this.#blocks += 1;
    this.#sample = isSample ? block : this.#sample;
    const { distance, share } = this.#choice;
    const hasPoints = !isSample && this.#newestShare >= share * stillAlike;
    return distance === undefined || hasPoints ? distance : this.#blockSize;
  }

  /** Takes note of what a block became, which must not be changed until the promise resolves. */
  async encoded(block: Uint8Array, encoded: EncodedSize): Promise<void> {
    this.#newestShare = encoded.size / block.length;
    if (block === this.#sample) {
      this.#sample = undefined;
      this.#choice = await this.#choose(block, encoded);
    }
  }

  async #choose(block: Uint8Array, { level, size }: EncodedSize): Promise<Choice> {
    const share = size / block.length;
    if (share < leastShare) {
      return { distance: undefined, share };
    }
    let larger = -size;
    for (let at = 0; at < block.length; at += partSize) {
      const part = block.subarray(at, at + partSize);
      larger += (await gzipPiece(part, { level, memLevel: 9, chunkSize: partSize })).length - partOverhead;
    }
    const sampled = larger / accessPointCount(block.length, partSize);
    // Samples differ: two are better than one.
    const perPoint = (sampled + (this.#perPoint ?? sampled)) / 2;
    this.#perPoint = sampled;
    const isCheap = (distance: number): boolean =>
      accessPointCount(this.#blockSize, distance) * perPoint <= size * mostLarger;
    return { distance: distances.find(isCheap), share };
  }
}
