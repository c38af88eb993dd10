import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import type { HardState, RaftEntry } from '../../../../src/datadir/raft/raft.ts';
import { openEntries, summarizeLog } from '../../../../src/datadir/wal/log.ts';
import type { LogSummary } from '../../../../src/datadir/wal/log-walk.ts';
import { repairWal } from '../../../../src/datadir/wal/repair.ts';
import { parseSegmentName } from '../../../../src/datadir/wal/segment-name.ts';
import { readWholeLog } from '../../../../src/datadir/wal/whole-log.ts';
import { WalWriter } from '../../../../src/datadir/wal/writer.ts';

const METADATA = { nodeId: 0xfedcba9876543210n, clusterId: 0x8000000000000001n };
const { signal } = new AbortController();

test('entries, hard state, snapshot marks and metadata come back across segments', async () => {
  using temp = makeTempDir();
  const directory = temp.join('wal');
  const entries = Array.from({ length: 50 }, (_, place) => entry(place + 1, 2, `value ${place}`));
  const wal = await WalWriter.create(directory, METADATA, { segmentSize: 600 });
  for (const [place, one] of entries.entries()) {
    await wal.save([one], { term: 2, vote: 7n, commit: place });
  }
  await wal.saveSnapshot({ index: 40, term: 2, confState: { voters: [3n, 2n ** 64n - 1n], learners: [5n] } });
  await wal.saveSnapshot({ index: 50, term: 2, confState: undefined });
  await wal.close();
  const names = await readdir(directory);
  assert.ok(names.length > 3, names.join());
  assert.equal(names[0], '0000000000000000-0000000000000000.wal');

  const summary = await summarizeLog({ directory, after: 0, signal });
  assert.deepEqual(summary, {
    metadata: METADATA,
    state: { term: 2, vote: 7n, commit: 49 },
    lastIndex: 50,
    torn: undefined,
    confChanges: [],
  } satisfies LogSummary);
  // The second mark is after the commit, so etcd does not trust it.
  assert.deepEqual((await readWholeLog({ directory, likelyAfter: 0, signal })).marks, [
    { index: 0, term: 0, confState: undefined },
    { index: 40, term: 2, confState: { voters: [3n, 2n ** 64n - 1n], learners: [5n] } },
  ]);
  assert.deepEqual(
    await indexes(directory, { after: 0, upTo: 50 }),
    entries.map(({ index }) => index),
  );
  assert.deepEqual(await indexes(directory, { after: 30, upTo: 33 }), [31, 32, 33]);
});

test('an entry of many chunks is read whole', async () => {
  using temp = makeTempDir();
  const big = Buffer.alloc(5_000_001, 'x');
  const directory = await writeLog(temp.join('wal'), [{ ...entry(1, 1, ''), data: big }, entry(2, 1, 'after')]);
  const seen: number[] = [];
  await (await openEntries({ directory, after: 0, upTo: 2, signal })).each((one) => {
    seen.push(one.data.length);
    assert.ok(one.index !== 1 || big.equals(one.data));
  });
  assert.deepEqual(seen, [big.length, 5]);
});

test('entries that a later leader has overwritten are left out', async () => {
  using temp = makeTempDir();
  const directory = await writeLog(temp.join('wal'), [
    ...[1, 2, 3, 4, 5, 6].map((index) => entry(index, 1, `old ${index}`)),
    ...[4, 5].map((index) => entry(index, 2, `newer ${index}`)),
    // The overwritten leader was of a later term than what takes its place.
    ...[5, 6, 7].map((index) => entry(index, 3, `gone ${index}`)),
    ...[5, 6, 7].map((index) => entry(index, 2, `newest ${index}`)),
  ]);
  const seen: string[] = [];
  await (await openEntries({ directory, after: 1, upTo: 6, signal })).each((one) => {
    seen.push(`${one.index}@${one.term} ${Buffer.from(one.data)}`);
  });
  assert.deepEqual(seen, ['2@1 old 2', '3@1 old 3', '4@2 newer 4', '5@2 newest 5', '6@2 newest 6']);
  assert.equal((await summarizeLog({ directory, after: 0, signal })).lastIndex, 7);
});

test('a log cut at any byte is read up to its last whole record, and repaired to exactly that', async () => {
  using temp = makeTempDir();
  const { directory, file, bytes, boundaries } = await smallLog(temp.path);
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(file, bytes.subarray(0, length));
    const whole = boundaries.findLast((boundary) => boundary <= length) ?? 0;
    if (whole < (boundaries[2] ?? 0)) {
      await assert.rejects(summarizeLog({ directory, after: 0, signal }), /the log has no metadata/);
      continue;
    }
    const summary = await summarizeLog({ directory, after: 0, signal });
    if (whole === length) {
      assert.equal(summary.torn, undefined, `cut to ${length}`);
      continue;
    }
    assert.equal(summary.torn?.offset, whole, `cut to ${length}`);
    const { copy } = await repairWal(summary.torn);
    assert.equal(copy, `${file}.broken`);
    assert.deepEqual(await readFile(copy), bytes.subarray(0, length));
    assert.deepEqual(await readFile(file), bytes.subarray(0, whole));
    assert.deepEqual(await summarizeLog({ directory, after: 0, signal }), { ...summary, torn: undefined });
  }
});

test('a record with a sector of zeros was being written, in the last segment only', async () => {
  using temp = makeTempDir();
  const directory = await writeLog(temp.join('wal'), [entry(1, 1, 'first'), entry(2, 1, 'x'.repeat(3000))]);
  const [file] = await segmentFiles(directory);
  assert.ok(file);
  const bytes = trimZeros(await readFile(file));
  bytes.fill(0, 1024, 1536);
  await writeFile(file, bytes);
  const summary = await summarizeLog({ directory, after: 0, signal });
  assert.equal(summary.lastIndex, 1);
  assert.match(summary.torn?.reason ?? '', /a part of the record is zeros/);

  // The same bytes followed by another segment are damage: nothing is written there any more.
  await copyFile(file, path.join(directory, '0000000000000001-0000000000000003.wal'));
  await assert.rejects(summarizeLog({ directory, after: 0, signal }), (error) => {
    assert.ok(error instanceof Damage);
    assert.equal(error.file, file);
    assert.match(error.reason, /checksum/);
    return true;
  });
});

test('every flipped bit of a log is damage, a torn tail, or changes nothing that is read', async () => {
  using temp = makeTempDir();
  const { directory, file, bytes } = await smallLog(temp.path);
  const intact = await contents(directory);
  let detected = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await writeFile(file, flipped);
    const found = await contents(directory);
    if (found === 'damaged' || found.torn) {
      detected++;
    } else {
      assert.deepEqual(found, intact, `bit ${bit}`);
    }
  }
  // The other bits are padding, and the bits of the length that give its size.
  assert.ok(detected > bytes.length * 8 * 0.8, `${detected} of ${bytes.length * 8}`);
});

test('a log read once is summed up as one that is read again, whatever is wrong with it', async () => {
  using temp = makeTempDir();
  const directory = temp.join('wal');
  const wal = await WalWriter.create(directory, METADATA, { segmentSize: 250 });
  for (let index = 1; index <= 12; index++) {
    await wal.save([entry(index, 1, `value ${index}`)], { term: 1, vote: 7n, commit: index });
  }
  await wal.saveSnapshot({ index: 9, term: 1, confState: undefined });
  await wal.save([{ ...entry(13, 2, 'member'), kind: 'confChange' }], { term: 2, vote: 7n, commit: 13 });
  await wal.close();
  const files = await segmentFiles(directory);
  assert.ok(files.length > 2, files.join());

  const outcomes = new Set<string>();
  const compare = async (what: string): Promise<void> => {
    for (const after of [0, 9, 12]) {
      const [once, again] = await Promise.all([
        summary({ directory, likelyAfter: after }, after),
        summary({ directory, likelyAfter: after + 1 }, after),
      ]);
      assert.deepEqual(once, again, `${what}, after ${after}`);
      outcomes.add(typeof once === 'string' ? once.replace(/.*?: /, '').slice(0, 20) : 'sound');
    }
  };
  await compare('intact');
  for (const file of files) {
    const bytes = await readFile(file);
    const used = trimZeros(bytes).length;
    for (let at = 0; at < used; at += 5) {
      await writeFile(file, bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at & 7))));
      await compare(`byte ${at} of ${file}`);
    }
    await writeFile(file, bytes);
  }
  assert.ok(outcomes.has('sound') && outcomes.size > 5, [...outcomes].join());
  // A segment that is read alone begins with a checksum; with those before it, one could be without.
  const alone = files.findLast((file) => (parseSegmentName(path.basename(file))?.index ?? 0) <= 12);
  assert.ok(alone !== undefined && alone !== files[0]);
  const bytes = await readFile(alone);
  await writeFile(alone, bytes.subarray(8 + bytes.readUInt32LE(0) + ((bytes[7] ?? 0) & 7)));
  assert.match(String(await summary({ directory, likelyAfter: 12 }, 12)), /checksum/);
  await compare('without its first record');
});

test('a gap between entries, a missing segment and a foreign segment are damage', async () => {
  using temp = makeTempDir();
  const gap = await writeLog(temp.join('gap'), [entry(1, 1, ''), entry(3, 1, '')]);
  await assert.rejects(summarizeLog({ directory: gap, after: 0, signal }), /entry 3 follows entry 1/);
  assert.equal((await summarizeLog({ directory: gap, after: 2, signal })).lastIndex, 3);

  const cut = temp.join('cut');
  const wal = await WalWriter.create(cut, METADATA, { segmentSize: 200 });
  for (let index = 1; index <= 20; index++) {
    await wal.save([entry(index, 1, 'some text')], { term: 1, vote: 1n, commit: index });
  }
  await wal.close();
  const [first, second, third] = await segmentFiles(cut);
  assert.ok(first && second && third);
  await rename(second, `${second}.gone`);
  await assert.rejects(summarizeLog({ directory: cut, after: 0, signal }), /segment 1 is missing before this one/);
  await rm(first);
  await assert.rejects(
    summarizeLog({ directory: cut, after: 0, signal }),
    /the log begins with entry \d+, after entry 0/,
  );

  const foreign = temp.join('foreign');
  const other = await WalWriter.create(temp.join('other'), { nodeId: 1n, clusterId: 2n });
  await other.close();
  const own = await WalWriter.create(foreign, METADATA);
  await own.close();
  await copyFile(
    temp.join('other', '0000000000000000-0000000000000000.wal'),
    path.join(foreign, '0000000000000001-0000000000000001.wal'),
  );
  await assert.rejects(summarizeLog({ directory: foreign, after: 0, signal }), Damage);

  await mkdir(temp.join('empty'));
  await assert.rejects(summarizeLog({ directory: temp.join('empty'), after: 0, signal }), /there is no segment/);
});

interface SmallLog {
  readonly directory: string;
  readonly file: string;
  /** Without the zeros after the last record. */
  readonly bytes: Buffer;
  /** Offsets at which a record ends. */
  readonly boundaries: readonly number[];
}

async function smallLog(parent: string): Promise<SmallLog> {
  const directory = await writeLog(path.join(parent, 'wal'), [
    entry(1, 1, 'a'),
    entry(2, 1, 'some more'),
    entry(3, 2, ''),
  ]);
  const [file] = await segmentFiles(directory);
  assert.ok(file);
  const bytes = trimZeros(await readFile(file));
  const boundaries = [0];
  for (let offset = 0; offset < bytes.length; ) {
    const padding = (bytes[offset + 7] ?? 0) & 7;
    offset += 8 + bytes.readUInt32LE(offset) + padding;
    boundaries.push(offset);
  }
  return { directory, file, bytes, boundaries };
}

/** Records are padded to eight bytes, so the end is the first whole word of zeros. */
function trimZeros(bytes: Buffer): Buffer {
  let end = 0;
  while (end < bytes.length && bytes.readBigUInt64LE(end) !== 0n) {
    end += 8 + bytes.readUInt32LE(end) + ((bytes[end + 7] ?? 0) & 7);
  }
  return Buffer.from(bytes.subarray(0, end));
}

async function contents(
  directory: string,
): Promise<'damaged' | { readonly torn: boolean; readonly seen: readonly unknown[] }> {
  try {
    const { torn, ...summary } = await summarizeLog({ directory, after: 0, signal });
    const seen: unknown[] = [summary];
    await (await openEntries({ directory, after: 0, upTo: 1000, signal })).each((one) => {
      seen.push({ ...one, data: Buffer.from(one.data).toString('hex') });
    });
    return { torn: torn !== undefined, seen };
  } catch (error) {
    if (error instanceof Damage) {
      return 'damaged';
    }
    throw error;
  }
}

/** The summary after an index, or the message of what is wrong with the log. */
async function summary(
  log: { readonly directory: string; readonly likelyAfter: number },
  after: number,
): Promise<LogSummary | string> {
  try {
    return await (await readWholeLog({ ...log, signal })).summaryAfter(after);
  } catch (error) {
    if (error instanceof Damage) {
      return error.message;
    }
    throw error;
  }
}

async function writeLog(directory: string, entries: readonly RaftEntry[]): Promise<string> {
  const wal = await WalWriter.create(directory, METADATA);
  const last = entries.at(-1);
  const state: HardState = { term: last?.term ?? 0, vote: 1n, commit: last?.index ?? 0 };
  await wal.save(entries, state);
  await wal.close();
  return directory;
}

async function segmentFiles(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).toSorted().map((name) => path.join(directory, name));
}

async function indexes(
  directory: string,
  range: { readonly after: number; readonly upTo: number },
): Promise<readonly number[]> {
  const seen: number[] = [];
  await (await openEntries({ directory, ...range, signal })).each(({ index }) => {
    seen.push(index);
  });
  return seen;
}

function entry(index: number, term: number, data: string): RaftEntry {
  return { kind: 'normal', term, index, data: Buffer.from(data) };
}
