import { MEMBER_SIZE } from '../compression/gzip-members.ts';
import type { WrittenMember } from '../compression/written-member.ts';
import { accessPointBlocks } from './access-point-table.ts';
import { checkBlocks } from './check-table.ts';
import { encodeFacts, type FullFacts } from './facts.ts';
import type { IndexFraming } from './index-framing.ts';
import { type BlockKind, IndexMembers } from './index-members.ts';
import { memberBlocks } from './member-table.ts';
import { type PageKeys, PageTableEncoder } from './page-table.ts';

/** What is known of a full when its pages are checked. */
export interface IndexedObject {
  readonly members: readonly WrittenMember[];
  /** Bytes of its contents. */
  readonly contentSize: number;
  readonly facts: FullFacts;
}

/**
 * Makes what follows the contents of a full and says where its keys are, while its pages are checked: see docs/formats.md.
 * Memory holds one block.
 */
export class FullIndexWriter {
  readonly #limit: number;
  readonly #write: (member: Uint8Array) => void;
  readonly #members: IndexMembers;
  readonly #pages: PageTableEncoder;
  #isWorthless = false;

  /** `write` takes the members, each during the call. When they exceed `limit` bytes there will be no index. */
  constructor(options: {
    readonly framing: IndexFraming;
    readonly limit: number;
    readonly write: (member: Uint8Array) => void;
  }) {
    this.#members = new IndexMembers(options.framing);
    this.#limit = options.limit;
    this.#write = options.write;
    this.#pages = new PageTableEncoder((block) => this.#put('pages', block));
  }

  /** Leaf pages of the `key` bucket, in key order. */
  add(pages: readonly PageKeys[]): void {
    for (const page of pages) {
      // A bucket within another page has no page of its own.
      this.#isWorthless ||= page.page < 2;
      if (this.#isWorthless) {
        return;
      }
      this.#pages.add(page);
    }
  }

  /** Ends the index. Returns its bytes; 0 when there is none, and what was written does not count. */
  end({ members, contentSize, facts }: IndexedObject): number {
    if (this.#isWorthless) {
      return 0;
    }
    this.#pages.end();
    const lengths = members.map(({ length }) => length);
    for (const block of memberBlocks(MEMBER_SIZE, lengths)) {
      this.#put('members', block);
    }
    for (const block of checkBlocks(members)) {
      this.#put('checks', block);
    }
    for (const block of accessPointBlocks(members)) {
      this.#put('points', block);
    }
    this.#put('facts', encodeFacts(facts));
    if (this.#isWorthless) {
      return 0;
    }
    this.#write(this.#members.footer({ contentSize }));
    return this.#members.size;
  }

  #put(kind: Exclude<BlockKind, 'filter' | 'revisions'>, payload: Uint8Array): void {
    if (!this.#isWorthless) {
      this.#write(this.#members.block(kind, payload));
      this.#isWorthless = this.#members.size > this.#limit;
    }
  }
}

/** The most bytes of an index that are worth their place in an object of `size` bytes. */
export function indexLimit(size: number): number {
  return 128 * 1024 + Math.ceil(size * 0.06);
}
