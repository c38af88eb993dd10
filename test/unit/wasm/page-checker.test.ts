import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WasmPageChecker } from '../../../src/wasm/page-checker.ts';

const PAGE_SIZE = 256;
const HEADER = 16;
const ELEMENT = 16;
/** Fields of a page header. */
const page = { id: 0, flags: 8, count: 10, overflow: 12 } as const;
/** Where the elements of a page are, and fields of these. */
const [first, second, third] = [HEADER, HEADER + ELEMENT, HEADER + 2 * ELEMENT] as const;
const branchElement = { start: 0, keySize: 4, child: 8 } as const;
const leafElement = { flags: 0, start: 4, keySize: 8, valueSize: 12 } as const;

/** Keys of the leaves below the branch; the branch has the first of each. */
const KEYS: readonly (readonly string[])[] = [
  ['b', 'd'],
  ['f', 'h'],
  ['j', 'l'],
];
const FIRST_LEAF = 4;

/** A branch, its leaves, which lie one after the other, and what is known of them. */
interface Sample {
  readonly branch: Buffer;
  readonly leaves: readonly Buffer[];
  readonly min: string | undefined;
  readonly below: string | undefined;
  /** Pages of the file. */
  readonly highWater: number;
  /** Bytes that were read, from the first leaf on. */
  readonly read: number;
}

function branchPage(): Buffer {
  const bytes = Buffer.alloc(PAGE_SIZE);
  bytes.writeUInt16LE(1, page.flags);
  bytes.writeUInt16LE(KEYS.length, page.count);
  for (const [index, [key = '']] of KEYS.entries()) {
    const element = HEADER + index * ELEMENT;
    const start = HEADER + KEYS.length * ELEMENT + index;
    bytes.write(key, start, 'latin1');
    bytes.writeUInt32LE(start - element, element + branchElement.start);
    bytes.writeUInt32LE(1, element + branchElement.keySize);
    bytes.writeUInt32LE(FIRST_LEAF + index, element + branchElement.child);
  }
  return bytes;
}

/** Each key is followed by a value of 10 bytes. */
function leafPage(id: number, keys: readonly string[]): Buffer {
  const bytes = Buffer.alloc(PAGE_SIZE);
  bytes.writeUInt32LE(id, page.id);
  bytes.writeUInt16LE(2, page.flags);
  bytes.writeUInt16LE(keys.length, page.count);
  for (const [index, key] of keys.entries()) {
    const element = HEADER + index * ELEMENT;
    const start = HEADER + keys.length * ELEMENT + index * 11;
    bytes.write(key, start, 'latin1');
    bytes.writeUInt32LE(start - element, element + leafElement.start);
    bytes.writeUInt32LE(1, element + leafElement.keySize);
    bytes.writeUInt32LE(10, element + leafElement.valueSize);
  }
  return bytes;
}

function soundSample(): Sample {
  return {
    branch: branchPage(),
    leaves: KEYS.map((keys, index) => leafPage(FIRST_LEAF + index, keys)),
    min: 'b',
    below: 'm',
    highWater: FIRST_LEAF + KEYS.length,
    read: KEYS.length * PAGE_SIZE,
  };
}

/** What is found of a sample: which of the two checks refuses it, if any. */
function verdict(
  { branch, leaves, min, below, highWater, read }: Sample,
  records: 'any' | 'changes' = 'any',
): 'sound' | 'branch refused' | 'leaves refused' {
  const checker = new WasmPageChecker();
  checker.pages.fill(0xff);
  const bound = (text: string | undefined): Buffer | undefined =>
    text === undefined ? undefined : Buffer.from(text, 'latin1');
  const ids = checker.children(branch, { min: bound(min), below: bound(below) }, highWater);
  if (ids === undefined) {
    return 'branch refused';
  }
  for (const [index, leaf] of leaves.entries()) {
    checker.pages.set(leaf, index * PAGE_SIZE);
    checker.place(index, index * PAGE_SIZE, read);
  }
  return checker.leavesAreSound(PAGE_SIZE, records) ? 'sound' : 'leaves refused';
}

/** The sample with a page changed: 0 is the branch, 1 to 3 are the leaves. */
function withPage(number: number, change: (bytes: Buffer) => unknown): Sample {
  const sample = soundSample();
  const bytes = number === 0 ? sample.branch : sample.leaves[number - 1];
  assert.ok(bytes !== undefined);
  change(bytes);
  return sample;
}

const inBranch = (change: (bytes: Buffer) => unknown): Sample => withPage(0, change);

/** Moves the key of the last element of a branch to where it ends with the page, plus `more` bytes. */
function keyAtEnd(bytes: Buffer, more: number): void {
  bytes.write('j', PAGE_SIZE - 1, 'latin1');
  bytes.writeUInt32LE(PAGE_SIZE - 1 + more - third, third + branchElement.start);
}

describe('the page checker takes what is as it should be', () => {
  const cases: readonly (readonly [string, Sample])[] = [
    ['as it is', soundSample()],
    ['without bounds from above', { ...soundSample(), min: undefined, below: undefined }],
    ['a branch that begins above its lower bound', { ...soundSample(), min: 'a' }],
    ['a branch that ends just below its upper bound', { ...soundSample(), below: 'l\0' }],
    ['a key of a branch that ends with the page', inBranch((bytes) => keyAtEnd(bytes, 0))],
    [
      'a value that ends with what the page continues over',
      {
        ...withPage(3, (bytes) => {
          bytes.writeUInt32LE(1, page.overflow);
          bytes.writeUInt32LE(2 * PAGE_SIZE - (HEADER + 2 * ELEMENT + 12), second + leafElement.valueSize);
        }),
        highWater: 8,
        read: 4 * PAGE_SIZE,
      },
    ],
  ];
  for (const [what, sample] of cases) {
    it(what, () => assert.equal(verdict(sample), 'sound'));
  }
});

describe('the page checker refuses a branch', () => {
  const cases: readonly (readonly [string, Sample])[] = [
    ['without elements', inBranch((bytes) => bytes.writeUInt16LE(0, page.count))],
    ['with more elements than it has room for', inBranch((bytes) => bytes.writeUInt16LE(16, page.count))],
    ['with more elements than the checker takes', inBranch((bytes) => bytes.writeUInt16LE(0x1001, page.count))],
    [
      'with a key in its table of elements',
      {
        ...inBranch((bytes) => {
          // The last byte of the table, a zero: in order, where nothing is known from above.
          const start = HEADER + KEYS.length * ELEMENT - 1;
          bytes.writeUInt32LE(start - first, first + branchElement.start);
        }),
        min: undefined,
      },
    ],
    ['with an empty key', inBranch((bytes) => bytes.writeUInt32LE(0, first + branchElement.keySize))],
    ['with a key that ends beyond it', inBranch((bytes) => keyAtEnd(bytes, 1))],
    ['with a key of 4 GiB', inBranch((bytes) => bytes.writeUInt32LE(0xffff_ffff, third + branchElement.keySize))],
    ['with a meta page for a child', inBranch((bytes) => bytes.writeUInt32LE(1, first + branchElement.child))],
    ['with a child beyond the file', { ...soundSample(), highWater: FIRST_LEAF + KEYS.length - 1 }],
    ['with a child of 64 bits', inBranch((bytes) => bytes.writeUInt32LE(1, first + branchElement.child + 4))],
    ['with the same key twice', inBranch((bytes) => bytes.write('b', HEADER + KEYS.length * ELEMENT + 1))],
    ['with keys in another order', inBranch((bytes) => bytes.write('a', HEADER + KEYS.length * ELEMENT + 1))],
    ['that begins below its lower bound', { ...soundSample(), min: 'b\0' }],
    ['whose last key is its upper bound', { ...soundSample(), below: 'j' }],
  ];
  for (const [what, sample] of cases) {
    it(what, () => assert.equal(verdict(sample), 'branch refused'));
  }
});

describe('the page checker refuses a leaf', () => {
  const overflowing = (size: number, read: number): Sample => ({
    ...withPage(3, (bytes) => {
      bytes.writeUInt32LE(1, page.overflow);
      bytes.writeUInt32LE(size - (HEADER + 2 * ELEMENT + 12), second + leafElement.valueSize);
    }),
    highWater: 8,
    read,
  });
  const cases: readonly (readonly [string, Sample])[] = [
    ['of another page number', withPage(2, (bytes) => bytes.writeUInt32LE(9, page.id))],
    ['of a page number of 64 bits', withPage(2, (bytes) => bytes.writeUInt32LE(1, page.id + 4))],
    ['that is a branch', withPage(1, (bytes) => bytes.writeUInt16LE(1, page.flags))],
    ['with a second flag', withPage(1, (bytes) => bytes.writeUInt16LE(3, page.flags))],
    ['without elements', withPage(1, (bytes) => bytes.writeUInt16LE(0, page.count))],
    ['with more elements than it has room for', withPage(1, (bytes) => bytes.writeUInt16LE(16, page.count))],
    ['with a bucket', withPage(1, (bytes) => bytes.writeUInt32LE(1, first + leafElement.flags))],
    [
      'with a key in its table of elements',
      withPage(1, (bytes) => {
        // The last byte of the table would be a key between those around it.
        const start = HEADER + 2 * ELEMENT - 1;
        bytes.write('b', start, 'latin1');
        bytes.writeUInt32LE(start - first, first + leafElement.start);
      }),
    ],
    ['with an empty key', withPage(1, (bytes) => bytes.writeUInt32LE(0, second + leafElement.keySize))],
    [
      'with a value that ends beyond it',
      withPage(1, (bytes) =>
        bytes.writeUInt32LE(PAGE_SIZE - (HEADER + 2 * ELEMENT + 12) + 1, second + leafElement.valueSize),
      ),
    ],
    [
      'with a value whose length goes round 32 bits',
      withPage(1, (bytes) => bytes.writeUInt32LE(0xffff_ff80, second + leafElement.valueSize)),
    ],
    ['with a value that ends beyond what it continues over', overflowing(2 * PAGE_SIZE + 1, 4 * PAGE_SIZE)],
    ['that continues over more than was read', overflowing(PAGE_SIZE, 4 * PAGE_SIZE - 1)],
    ['with the same key twice', withPage(1, (bytes) => bytes.write('b', HEADER + 2 * ELEMENT + 11))],
    ['with keys in another order', withPage(1, (bytes) => bytes.write('a', HEADER + 2 * ELEMENT + 11))],
    ['that begins below the key of its branch', withPage(2, (bytes) => bytes.write('e', HEADER + 2 * ELEMENT))],
    ['that ends with the key of the next', withPage(1, (bytes) => bytes.write('f', HEADER + 2 * ELEMENT + 11))],
    ['that ends with the upper bound', { ...soundSample(), below: 'l' }],
  ];
  for (const [what, sample] of cases) {
    it(what, () => assert.equal(verdict(sample), 'leaves refused'));
  }

  it('that holds no changes, where they are asked for', () => {
    assert.equal(verdict(soundSample(), 'changes'), 'leaves refused');
  });
});
