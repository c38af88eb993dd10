import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { FRAME_HEADER_SIZE } from '../../../src/datadir/wal/record.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { ProtobufWriter } from '../../../src/protobuf/writer.ts';
import { recordedContext } from '../context/run-context.ts';
import { lengthenLog } from '../datadir/lengthen-log.ts';
import type { Random } from '../fixtures/random.ts';
import { restoreRequest } from '../fixtures/restore-request.ts';

/** A file of a member directory. */
export interface MemberFile {
  /** Below the data directory. */
  readonly name: string;
  readonly kind: 'db' | 'wal' | 'snap';
  readonly bytes: Buffer;
}

const SEGMENT_SIZE = 6000;

/**
 * A sound data directory in memory: a db restored from a golden backup, a `.snap`, and a log of a few segments with writes
 * the db has not seen.
 */
export async function memberSample(random: Random): Promise<readonly MemberFile[]> {
  using temp = makeTempDir();
  await restore(restoreRequest(temp), recordedContext());
  const memberDir = temp.join('data', 'member');
  await lengthenLog(memberDir, { segmentSize: SEGMENT_SIZE, count: 150, data: (place) => request(place, random) });
  return filesOf(memberDir);
}

/** Writes the files into a new data directory. */
export function writeMember(dataDir: string, files: readonly MemberFile[]): void {
  for (const { name, bytes } of files) {
    const file = path.join(dataDir, name);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, bytes, { mode: 0o600 });
  }
}

/** Where the frames of a WAL segment begin, and where the last one ends. */
export function frameOffsets(segment: Buffer): readonly number[] {
  const offsets = [0];
  for (let offset = 0; offset + FRAME_HEADER_SIZE <= segment.length; ) {
    const length = segment.readBigUInt64LE(offset);
    if (length === 0n) {
      break;
    }
    const padding = Number((length >> 56n) & 7n);
    offset += FRAME_HEADER_SIZE + Number(length & (2n ** 56n - 1n)) + padding;
    offsets.push(offset);
  }
  return offsets;
}

function filesOf(memberDir: string): readonly MemberFile[] {
  return (['snap', 'wal'] as const).flatMap((folder) =>
    readdirSync(path.join(memberDir, folder)).map((name) => ({
      name: `member/${folder}/${name}`,
      kind: name === 'db' ? ('db' as const) : folder,
      bytes: readFileSync(path.join(memberDir, folder, name)),
    })),
  );
}

/** An InternalRaftRequest with a header: a put, or now and then a delete of a range. */
function request(place: number, random: Random): Uint8Array {
  const header = new ProtobufWriter().varint(1, 1000 + place).finish();
  const key = Buffer.from(`mutated/${random.integer(40)}`);
  const body = new ProtobufWriter().bytes(1, key);
  const end = random.oneIn(9) ? Buffer.from(`mutated/${random.integer(40)}`) : undefined;
  const message =
    end === undefined ? body.bytes(2, Buffer.alloc(random.integer(80), 'v')).finish() : body.bytes(2, end).finish();
  return new ProtobufWriter()
    .bytes(end === undefined ? 4 : 5, message)
    .bytes(100, header)
    .finish();
}
