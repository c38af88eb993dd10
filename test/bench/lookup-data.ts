import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../../scripts/lab/project-root.ts';
import { type EntryBatch, EntryBatchBuilder } from '../../src/datadir/bbolt/entry-batch.ts';
import { FreshDatabase } from '../../src/datadir/bbolt/fresh-database.ts';
import { inspectDatabase } from '../../src/datadir/mvcc/inspect-database.ts';
import { revision } from '../../src/revision.ts';
import { gzipMembers } from '../../src/snapshot/compression/gzip-members.ts';
import type { WrittenMember } from '../../src/snapshot/compression/written-member.ts';
import { DeltaEncoder } from '../../src/snapshot/delta/delta-encoder.ts';
import { eventTimeOf } from '../../src/snapshot/delta/event-time.ts';
import type { DeltaEvent } from '../../src/snapshot/delta-event.ts';
import { deltaIndex } from '../../src/snapshot/key-index/delta-index.ts';
import { FullIndexWriter } from '../../src/snapshot/key-index/full-index-writer.ts';
import { newSnapshot } from '../../src/snapshot/name.ts';
import { changeRecord } from '../support/datadir/change-record.ts';
import { framingOf } from '../support/fixtures/index-framing-of.ts';

const VALUE = 1024;
const CREATED_ON = 1_795_745_475;
const DELTAS = 300;
const EVENTS = 500;
/** Every so many deltas hold a change of the hot key. */
const HOT_EVERY = 15;

/** Keys that are looked for. */
export const ONE_KEY = '/registry/pods/namespace-7/pod-0123457';
export const HOT_KEY = '/registry/leases/kube-system/hot';
/** 500 keys that were written within a short time, as a namespace is when it is deployed; a fifth of what was written then. */
export const NAMESPACE = '/registry/configmaps/deployed/';
/** 500 keys that were written now and then. */
export const SCATTERED = '/registry/configmaps/scattered/';
export const DELTAS_WITH_HOT_KEY = DELTAS / HOT_EVERY;

/** Objects of a store below `v2`, by their names. */
export interface LookupData {
  readonly directory: string;
  readonly full: string;
  readonly deltas: readonly string[];
}

/** A gzip full of so many bytes of database, and 300 deltas; built when they are not there: some minutes. */
export async function lookupData(databaseBytes: number): Promise<LookupData> {
  const records = Math.floor(databaseBytes / (VALUE + 160));
  const directory = join(cacheDir, 'bench', `lookup-4-${records}`);
  const facts = { kind: 'Full', startRevision: revision(0), compression: 'gzip', isFinal: false } as const;
  const full = newSnapshot({ ...facts, lastRevision: revision(records + 1), createdOn: CREATED_ON }).name;
  const deltas = Array.from({ length: DELTAS }, (_, at) => {
    const first = records + 2 + at * EVENTS;
    const range = { startRevision: revision(first), lastRevision: revision(first + EVENTS - 1) };
    return { ...newSnapshot({ ...facts, kind: 'Incr', ...range, createdOn: CREATED_ON + 1 + at }), at };
  });
  if (!existsSync(directory)) {
    const unfinished = `${directory}.part`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    process.stderr.write(`Building a full of ${records} keys and ${DELTAS} deltas in ${directory}\n`);
    await writeFull(join(unfinished, full), records, join(unfinished, 'db'));
    for (const { at, name, startRevision } of deltas) {
      writeFileSync(join(unfinished, name), await deltaObject(at, startRevision));
    }
    rmSync(join(unfinished, 'db'));
    renameSync(unfinished, directory);
  }
  return { directory, full, deltas: deltas.map(({ name }) => name) };
}

const words = 'the quick brown fox jumps over a lazy dog while pods restart and leases expire in kube-system '.repeat(
  12,
);

function put(key: string, at: number): DeltaEvent {
  const value = Buffer.concat([randomBytes(VALUE / 2), Buffer.from(words.slice(at % 64, (at % 64) + VALUE / 2))]);
  const of = revision(at);
  return { type: 'put', key: Buffer.from(key), value, createRevision: of, modRevision: of, version: 1, lease: 0n };
}

/** The key of a change: mostly another pod; 500 of a namespace in the middle, every fifth; 500 others evenly. */
function keyAt(at: number, records: number): string {
  const middle = at - Math.floor(records / 2);
  if (middle >= 0 && middle < 2_500 && middle % 5 === 0) {
    return `${NAMESPACE}config-${middle / 5}`;
  }
  const every = Math.floor(records / 500);
  if (at % every === 3 && at / every < 500) {
    return `${SCATTERED}config-${Math.floor(at / every)}`;
  }
  return `/registry/pods/namespace-${at % 100}/pod-${at.toString().padStart(7, '0')}`;
}

function* batches(records: number): Generator<EntryBatch, void> {
  const builder = new EntryBatchBuilder({ bytes: 300_000 });
  for (let at = 0; at < records; at++) {
    const key = at === 123_457 ? ONE_KEY : keyAt(at, records);
    builder.add(...changeRecord(put(key, at + 2), 0));
    if (builder.length > 256 * 1024) {
      yield builder.batch();
      builder.clear();
    }
  }
  yield builder.batch();
}

async function writeFull(file: string, records: number, db: string): Promise<void> {
  const { signal } = new AbortController();
  await using fresh = await FreshDatabase.create(db, { pageSize: 4096 });
  await fresh.bucket('key', batches(records));
  await fresh.bucket('meta', []);
  await fresh.commit({ signal });
  const members: WrittenMember[] = [];
  let contentSize = 0;
  const content = async function* (): AsyncGenerator<Uint8Array, void> {
    const hash = createHash('sha256');
    for await (const bytes of createReadStream(db, { highWaterMark: 1024 * 1024 })) {
      hash.update(bytes);
      contentSize += bytes.length;
      yield bytes;
    }
    contentSize += 32;
    yield hash.digest();
  };
  const target = createWriteStream(file);
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (!target.write(bytes)) {
      await once(target, 'drain');
    }
  };
  for await (const piece of gzipMembers(content(), { onMember: (member) => members.push(member) })) {
    await write(piece);
  }
  const writer = new FullIndexWriter({
    framing: framingOf('gzip'),
    limit: Number.MAX_SAFE_INTEGER,
    write: (member) => target.write(member.slice()),
  });
  const { lastRevision, pageSize } = await inspectDatabase(db, { signal, onKeys: (pages) => writer.add(pages) });
  writer.end({ members, contentSize, facts: { lastRevision, pageSize, compactRevision: 0, writtenBy: 'bench' } });
  target.end();
  await once(target, 'finish');
}

async function deltaObject(at: number, first: number): Promise<Buffer> {
  const encoder = new DeltaEncoder();
  for (let event = 0; event < EVENTS; event++) {
    const isHot = at % HOT_EVERY === 7 && event === 100;
    const key = isHot ? HOT_KEY : `/registry/pods/namespace-${event % 100}/changed-${(at * EVENTS + event) % 60_000}`;
    encoder.append(put(key, first + event), eventTimeOf((CREATED_ON + at) * 1_000));
  }
  const chunks = encoder.finish();
  const pieces: Uint8Array[] = [];
  async function* content(): AsyncGenerator<Uint8Array, void> {
    yield* chunks;
  }
  for await (const piece of gzipMembers(content())) {
    pieces.push(piece);
  }
  const contentSize = chunks.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([...pieces, deltaIndex(encoder, { contentSize, framing: framingOf('gzip') })]);
}
