import { buildInfo } from '../../build-info.ts';
import type { DatabaseFacts } from '../../datadir/mvcc/inspect-database.ts';
import type { WrittenMember } from '../../snapshot/compression/written-member.ts';
import { FullIndexWriter, indexLimit } from '../../snapshot/key-index/full-index-writer.ts';
import type { IndexFraming } from '../../snapshot/key-index/index-framing.ts';
import type { PageKeys } from '../../snapshot/key-index/page-table.ts';

/** A database hardly compresses to more than this share. */
const COMPRESSED = 0.3;

/** The index of a compacted full, gathered while its pages are checked. It is kept in memory and takes about a 200th of the database. */
export class BufferedIndex {
  readonly #pieces: Uint8Array[] = [];
  readonly #writer: FullIndexWriter;
  readonly #clusterId: bigint | undefined;
  /** The most bytes that it will have. */
  readonly limit: number;
  #ended: { readonly members: string; readonly size: number } | undefined;

  /** `databaseSize` is in bytes; `clusterId` is that of the cluster that was backed up, where it is known. */
  constructor(
    databaseSize: number,
    { framing, clusterId }: { readonly framing: IndexFraming; readonly clusterId: bigint | undefined },
  ) {
    this.#clusterId = clusterId;
    const limit = indexLimit(databaseSize * COMPRESSED);
    this.limit = limit + 2 * 65_600;
    this.#writer = new FullIndexWriter({
      framing,
      limit,
      write: (member) => this.#pieces.push(Uint8Array.from(member)),
    });
  }

  readonly onKeys = (pages: readonly PageKeys[]): void => this.#writer.add(pages);

  /**
   * The members that follow those of the object; none when it is not worth it. May be asked for again when the object is made again,
   * which it is in the same way.
   */
  members(
    written: readonly WrittenMember[],
    { contentSize, facts }: { readonly contentSize: number; readonly facts: DatabaseFacts },
  ): readonly Uint8Array[] {
    const { lastRevision, pageSize } = facts;
    const members = written.map(({ length }) => length).join();
    this.#ended ??= {
      members,
      size: this.#writer.end({
        members: written,
        contentSize,
        facts: {
          clusterId: this.#clusterId?.toString(16),
          lastRevision,
          compactRevision: lastRevision,
          pageSize,
          writtenBy: buildInfo.version,
        },
      }),
    };
    return this.#ended.size === 0 || this.#ended.members !== members ? [] : this.#pieces;
  }
}
