import type { Database } from '../bbolt/database.ts';
import type { Leaf } from '../bbolt/leaf.ts';
import { readCompactionMarks } from './compaction-marks.ts';
import { changeAt, historyLeaves, noChange } from './history-leaves.ts';
import { decodeKeyValue, type KeyValue } from './key-value.ts';
import { readLastRevision } from './last-revision.ts';
import { isLeaseAlike } from './lease-alike.ts';
import type { ChangeRevision } from './revision-key.ts';

/** How far the histories of two databases are the same. */
export interface CommonHistory {
  /** The last revision whose records both hold alike, before anything differs; 0 when there is none. */
  readonly shared: number;
  /** The first revision that differs between them; undefined when nothing differs up to the end of the one that ends first. */
  readonly differs: number | undefined;
}

/**
 * Finds where the histories of two databases part, by their records in order: memory does not grow with them. What a compaction
 * may have removed proves nothing by its absence, but what it has left is compared. Throws Damage.
 */
export async function commonHistory(
  one: Database,
  other: Database,
  options: { readonly signal: AbortSignal },
): Promise<CommonHistory> {
  await using left = await Records.of(one, options);
  await using right = await Records.of(other, options);
  const end = Math.min(left.end, right.end);
  let shared = 0;
  /** Of a transaction a part may be the same: it counts when all of it is. */
  let open = 0;
  for (;;) {
    const a = left.change ?? (await left.read());
    const b = right.change ?? (await right.read());
    const order = compare(a, b);
    const at = (order <= 0 ? a : b)?.main;
    if (at === undefined || at > end) {
      return { shared: open, differs: undefined };
    }
    if (at > open) {
      shared = open;
    }
    const isSame = order === 0 ? areSame(left, right) : at <= (order < 0 ? right : left).compacted;
    if (!isSame) {
      return { shared, differs: at };
    }
    if (order === 0) {
      open = at;
    }
    if (order <= 0) {
      left.advance();
    }
    if (order >= 0) {
      right.advance();
    }
  }
}

/** The records of the `key` bucket of a database, one after the other. */
class Records implements AsyncDisposable {
  /** Up to this revision records may be missing. */
  readonly compacted: number;
  /** The revision of the last record. */
  readonly end: number;
  readonly #groups: AsyncGenerator<readonly Leaf[], void>;
  #leaves: readonly Leaf[] = [];
  #leaf = 0;
  #index = 0;
  /** The revision of the record at hand, as far as it is in memory. */
  change: ChangeRevision | undefined;

  private constructor(groups: AsyncGenerator<readonly Leaf[], void>, facts: { compacted: number; end: number }) {
    this.#groups = groups;
    this.compacted = facts.compacted;
    this.end = facts.end;
  }

  static async of(database: Database, options: { readonly signal: AbortSignal }): Promise<Records> {
    const { scheduled, finished } = await readCompactionMarks(database);
    const end = await readLastRevision(database);
    return new Records(historyLeaves(database, options), { compacted: Math.max(scheduled, finished), end });
  }

  advance(): void {
    this.#index += 1;
    this.change = this.#inMemory();
  }

  /** The contents of the record at hand, valid until the next. */
  keyValue(): KeyValue {
    const leaf = this.#leaves[this.#leaf];
    const found = leaf && decodeKeyValue(leaf.page.bytes, leaf.valueStart(this.#index), leaf.valueEnd(this.#index));
    if (leaf === undefined || found === undefined) {
      throw leaf === undefined ? new RangeError('there is no record') : noChange(leaf, this.#index);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#groups.return();
  }

  /** Reads on where the record at hand is not in memory; undefined after the last. */
  async read(): Promise<ChangeRevision | undefined> {
    for (this.change = this.#inMemory(); this.change === undefined; this.change = this.#inMemory()) {
      const { value, done } = await this.#groups.next();
      if (done === true) {
        return undefined;
      }
      this.#leaves = value ?? [];
      this.#leaf = 0;
      this.#index = 0;
    }
    return this.change;
  }

  #inMemory(): ChangeRevision | undefined {
    for (let leaf = this.#leaves[this.#leaf]; leaf !== undefined; leaf = this.#leaves[this.#leaf]) {
      if (this.#index < leaf.count) {
        return changeAt(leaf, this.#index);
      }
      this.#leaf += 1;
      this.#index = 0;
    }
    return undefined;
  }
}

/** Records that have ended come after all others. */
function compare(a: ChangeRevision | undefined, b: ChangeRevision | undefined): number {
  if (a === undefined || b === undefined) {
    return Number(a === undefined) - Number(b === undefined);
  }
  return a.main - b.main || a.sub - b.sub;
}

/** Of a tombstone only the key counts. */
function areSame(left: Records, right: Records): boolean {
  const [a, b] = [left.keyValue(), right.keyValue()];
  const tombstone = left.change?.tombstone;
  if (tombstone !== right.change?.tombstone || Buffer.compare(a.key, b.key) !== 0) {
    return false;
  }
  return (
    tombstone === true ||
    (a.createRevision === b.createRevision &&
      a.modRevision === b.modRevision &&
      a.version === b.version &&
      isLeaseAlike(a.lease, b.lease) &&
      Buffer.compare(a.value, b.value) === 0)
  );
}
