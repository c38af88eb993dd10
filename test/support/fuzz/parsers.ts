import { Branch } from '../../../src/datadir/bbolt/branch.ts';
import { checkBranchOrder, checkLeafOrder, UNBOUNDED } from '../../../src/datadir/bbolt/key-bounds.ts';
import { Leaf } from '../../../src/datadir/bbolt/leaf.ts';
import { decodePageHeader } from '../../../src/datadir/bbolt/page.ts';
import { Damage } from '../../../src/datadir/damage.ts';
import { checkChanges } from '../../../src/datadir/mvcc/check-changes.ts';
import { decodeKeyValue, encodeKeyValue } from '../../../src/datadir/mvcc/key-value.ts';
import { decodeEntry, encodeEntry } from '../../../src/datadir/raft/raft.ts';
import { decodeRaftRequest } from '../../../src/datadir/raft/raft-request.ts';
import { decodeSnapFile, encodeSnapFile } from '../../../src/datadir/snap/snap-file.ts';
import { MalformedMessage } from '../../../src/protobuf/reader.ts';
import { SnapshotDamage } from '../../../src/snapshot/damage.ts';
import { DeltaTokenizer } from '../../../src/snapshot/delta/delta-tokenizer.ts';
import { goldenDatabase } from '../datadir/golden.ts';

/** A parser of untrusted bytes. */
export interface FuzzedParser {
  /** Inputs to begin with. */
  readonly sound: () => readonly Buffer[];
  /** Parses, and describes the result in a word or two; errors are for {@link outcomeOf}. */
  readonly parse: (bytes: Buffer) => string;
}

const PAGE = 4096;

/** The parsers by the name of their corpus. */
export const fuzzedParsers: Readonly<Record<string, FuzzedParser>> = {
  delta: {
    sound: () => [
      Buffer.from('[]'),
      Buffer.from(
        '[{"etcdEvent":{"kv":{"key":"YQ==","create_revision":2,"mod_revision":3,"version":1,"value":"YmM=","lease":7}},"time":"2026-11-21T10:00:00.5Z"},' +
          '{"etcdEvent":{"type":1,"kv":{"key":"YQ==","mod_revision":4}},"time":"2026-11-21T10:00:01+02:00","leaseTTLs":{"7":60}}]',
      ),
    ],
    parse: (bytes) => {
      const tokenizer = new DeltaTokenizer();
      tokenizer.feed(bytes);
      let text = '';
      const take = (): void => {
        for (let row = tokenizer.next(); row !== undefined; row = tokenizer.next()) {
          text += row.isDelete ? 'd' : 'p';
        }
      };
      take();
      tokenizer.end();
      take();
      return [...new Set(text)].join('');
    },
  },
  'key-value': {
    sound: () => [keyValue()],
    parse: (bytes) => {
      const record = decodeKeyValue(bytes);
      return record === undefined
        ? 'none'
        : [record.key, record.value].map((part) => Math.min(part.length, 1)).join() +
            [record.createRevision, record.modRevision, record.version].map((count) => Math.sign(count)).join();
    },
  },
  entry: {
    sound: () => [
      Buffer.from(encodeEntry({ kind: 'normal', term: 2, index: 9, data: Buffer.from('0a026b31', 'hex') })),
    ],
    parse: (bytes) => decodeEntry(bytes).kind,
  },
  'raft-request': {
    sound: () => ['', '08011a080a016b12017618 07', '0a0408011002220b0a016b', '32060a0208011200'].map(hex),
    parse: (bytes) => decodeRaftRequest(bytes).operation?.kind ?? 'nothing',
  },
  'snap-file': {
    sound: () => [
      Buffer.from(
        encodeSnapFile({
          index: 7,
          term: 2,
          confState: { voters: [1n], learners: [] },
          data: Buffer.from('{"Root":{}}'),
        }),
      ),
    ],
    parse: (bytes) => `${decodeSnapFile(bytes, 'a.snap').confState.voters.length} voters`,
  },
  'leaf-page': {
    sound: () => pagesOf(2),
    parse: (bytes) => {
      const leaf = new Leaf(pageOf(bytes));
      checkLeafOrder(leaf, UNBOUNDED);
      checkChanges(leaf);
      return leaf.count === 0 ? 'empty' : 'changes';
    },
  },
  'branch-page': {
    sound: () => pagesOf(1),
    parse: (bytes) => {
      const branch = new Branch(pageOf(bytes));
      checkBranchOrder(branch, UNBOUNDED);
      return branch.count === 1 ? 'one' : 'several';
    },
  },
};

/**
 * The outcome of parsing some bytes: what was read, or why they were refused, without the numbers in the reason.
 * Any other error is a fault of the parser, and thrown.
 */
export function outcomeOf(parser: FuzzedParser, bytes: Buffer): string {
  try {
    return `read: ${parser.parse(bytes)}`;
  } catch (error) {
    if (error instanceof Damage || error instanceof SnapshotDamage) {
      return `refused: ${error.reason.replaceAll(/"[^"]*"|-?\b(?:0x[0-9a-f]+|[0-9a-f]*\d[0-9a-f]*)|(?<=recorded )\w+/g, '…')}`;
    }
    if (error instanceof MalformedMessage) {
      return `refused: ${error.message.replaceAll(/-?\d+/g, '…')}`;
    }
    throw error;
  }
}

function keyValue(): Buffer {
  const source = Buffer.from('/registry/pods/a value');
  const target = Buffer.alloc(200);
  const fields = { keyStart: 0, keyEnd: 15, valueStart: 16, valueEnd: 22, createRevision: 2, modRevision: 300 };
  const end = encodeKeyValue(target, 0, source, { ...fields, version: 3, lease: 77n });
  return target.subarray(0, end);
}

/** The first page of this kind in a golden database that has more than one element. */
function pagesOf(flag: number): readonly Buffer[] {
  const database = goldenDatabase('etcd-3.5/gzip');
  for (let at = 2 * PAGE; at < database.length; at += PAGE) {
    if (database.readUInt16LE(at + 8) === flag && database.readUInt16LE(at + 10) > 1) {
      return [database.subarray(at, at + PAGE)];
    }
  }
  return [branchPage()];
}

/** A branch page with two children. */
function branchPage(): Buffer {
  const page = Buffer.alloc(PAGE);
  page.writeUInt32LE(2, 0);
  page.writeUInt16LE(1, 8);
  page.writeUInt16LE(2, 10);
  for (const [index, key] of ['aa', 'bb'].entries()) {
    const element = 16 + index * 16;
    page.writeUInt32LE(48 + index * 2 - element, element);
    page.writeUInt32LE(2, element + 4);
    page.writeUInt32LE(3 + index, element + 8);
    page.write(key, 48 + index * 2);
  }
  return page;
}

/** A page as it would have been read, whatever its bytes are. */
function pageOf(bytes: Buffer): ConstructorParameters<typeof Leaf>[0] {
  const padded = bytes.length < PAGE ? Buffer.concat([bytes, Buffer.alloc(PAGE - bytes.length)]) : bytes;
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  const origin = { file: 'db', offset: 0 };
  return { ...decodePageHeader(view, origin), bytes: padded, view, ...origin };
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}
