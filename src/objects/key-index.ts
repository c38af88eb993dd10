import { type AccessPointTable, AccessPointTableReader } from '../snapshot/key-index/access-point-table.ts';
import { type CheckTable, CheckTableReader } from '../snapshot/key-index/check-table.ts';
import { decodeFacts } from '../snapshot/key-index/decode-facts.ts';
import { type DeltaRevisions, decodeRevisions } from '../snapshot/key-index/delta-index.ts';
import type { FullFacts } from '../snapshot/key-index/facts.ts';
import { type IndexFraming, indexFraming } from '../snapshot/key-index/index-framing.ts';
import {
  footerSize,
  type IndexBlock,
  IndexDamage,
  type IndexFooter,
  indexBlocks,
  indexFooter,
} from '../snapshot/key-index/index-members.ts';
import { filterHolds } from '../snapshot/key-index/key-filter.ts';
import { type MemberTable, MemberTableReader } from '../snapshot/key-index/member-table.ts';
import { PageFinder } from '../snapshot/key-index/page-finder.ts';
import type { FoundPage, WantedFingerprints } from '../snapshot/key-index/page-table.ts';
import type { ObjectParts } from './ranged-object.ts';

/** Bytes at the end of an object that are read first: enough for the footer, and mostly for more. */
const FULL_TAIL = 64 * 1024;
const DELTA_TAIL = 16 * 1024;

/** What the index of a full says of the keys that are looked for. */
export interface FoundInFull {
  readonly facts: FullFacts;
  readonly members: MemberTable;
  /** Undefined where a member can only be checked as a whole. */
  readonly checks: CheckTable | undefined;
  readonly points: AccessPointTable;
  /** Bytes of the contents. */
  readonly contentSize: number;
  /** Leaf pages that may hold them, in key order. */
  readonly pages: readonly FoundPage[];
}

/**
 * Asks the index of a full; undefined when it has none. Throws {@link IndexDamage} when one is there and is not sound, and what the store
 * throws.
 */
export async function findInFull(object: ObjectParts, wanted: WantedFingerprints): Promise<FoundInFull | undefined> {
  const finder = new PageFinder(wanted);
  const members = new MemberTableReader();
  const checks = new CheckTableReader();
  const points = new AccessPointTableReader();
  let written: Uint8Array | undefined;
  const footer = await readIndex(object, FULL_TAIL, ({ kind, payload }) => {
    switch (kind) {
      case 'pages':
        finder.add(payload);
        return;
      case 'members':
        members.add(payload);
        return;
      case 'checks':
        checks.add(payload);
        return;
      case 'points':
        points.add(payload);
        return;
      case 'facts':
        written = new Uint8Array(payload);
        return;
      case 'filter':
      case 'revisions':
        return;
      default:
        kind satisfies never;
    }
  });
  if (footer === undefined) {
    return undefined;
  }
  const facts = written === undefined ? undefined : decodeFacts(written);
  if (facts === undefined) {
    throw new IndexDamage('it holds no facts');
  }
  const { contentSize, size } = footer;
  const table = soundly(() => members.table({ objectSize: object.size - size, contentSize }));
  return {
    facts,
    members: table,
    checks: soundly(() => checks.table(table, contentSize)),
    points: soundly(() => points.table(table, contentSize)),
    contentSize,
    pages: finder.found,
  };
}

/**
 * Whether a delta may hold what is looked for, as its filter says; undefined when it has none that says of which revisions it is. Throws
 * as {@link findInFull}, and an {@link IndexDamage} for the index of another delta: then the object is not what its name says.
 */
export async function mayHold(object: ObjectParts, wanted: WantedFingerprints): Promise<boolean | undefined> {
  let holds: boolean | undefined;
  let revisions: DeltaRevisions | undefined;
  await readIndex(object, DELTA_TAIL, ({ kind, payload }) => {
    if (kind === 'filter') {
      holds = filterHolds(payload, wanted) || holds === true;
    } else if (kind === 'revisions') {
      revisions = decodeRevisions(payload);
    }
  });
  if (revisions === undefined) {
    return undefined;
  }
  const { firstRevision, lastRevision } = revisions;
  const { startRevision, lastRevision: end } = object.snapshot;
  if (firstRevision !== startRevision || lastRevision !== end) {
    throw new IndexDamage(`it is that of revisions ${firstRevision} to ${lastRevision}`);
  }
  return holds;
}

async function readIndex(
  object: ObjectParts,
  tailSize: number,
  onBlock: (block: IndexBlock) => void,
): Promise<IndexFooter | undefined> {
  const framing = indexFraming(object.snapshot);
  return framing === undefined ? undefined : await readFramed(object, { framing, tailSize }, onBlock);
}

async function readFramed(
  object: ObjectParts,
  { framing, tailSize }: { readonly framing: IndexFraming; readonly tailSize: number },
  onBlock: (block: IndexBlock) => void,
): Promise<IndexFooter | undefined> {
  const { size } = object;
  const tailStart = Math.max(0, size - tailSize);
  const tail = await object.bytes(tailStart, size);
  const footer = indexFooter(tail, size, framing);
  if (footer === undefined) {
    return undefined;
  }
  const start = size - footer.size;
  async function* members(): AsyncGenerator<Buffer, void> {
    yield* object.pieces(start, tailStart);
    yield tail.subarray(Math.max(0, start - tailStart), tail.length - footerSize(framing));
  }
  for await (const block of indexBlocks(members(), footer, framing)) {
    soundly(() => onBlock(block));
  }
  return footer;
}

/** What is wrong with a payload is damage of the index. */
function soundly<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw error instanceof RangeError ? new IndexDamage(error.message, { cause: error }) : error;
  }
}
