import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fnv64a } from '../../../../src/checksum/fnv64a.ts';
import { Branch } from '../../../../src/datadir/bbolt/branch.ts';
import { decodeBucketHeader, encodeBucketHeader } from '../../../../src/datadir/bbolt/bucket-header.ts';
import { decodeFreelist } from '../../../../src/datadir/bbolt/freelist.ts';
import { Leaf } from '../../../../src/datadir/bbolt/leaf.ts';
import { decodeMeta, encodeMeta, type Meta } from '../../../../src/datadir/bbolt/meta.ts';
import { decodePageHeader, encodePageHeader, type Page, type PageHeader } from '../../../../src/datadir/bbolt/page.ts';
import { Damage } from '../../../../src/datadir/damage.ts';

const origin = { file: 'db', offset: 4096 };

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function page(header: Omit<PageHeader, 'id' | 'overflow'>, body: Uint8Array, size = 4096): Page {
  const bytes = new Uint8Array(size);
  encodePageHeader(viewOf(bytes), { ...header, id: 1, overflow: 0 });
  bytes.set(body, 16);
  return { ...header, id: 1, overflow: 0, bytes, view: viewOf(bytes), ...origin };
}

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

describe('page header', () => {
  it('is read back as written, with page numbers beyond 32 bits', () => {
    const header = { id: 2 ** 41 + 5, kind: 'leaf', count: 65_535, overflow: 4_000_000_000 } as const;
    const bytes = new Uint8Array(16);
    encodePageHeader(viewOf(bytes), header);
    assert.deepEqual(decodePageHeader(viewOf(bytes), origin), header);
  });

  it('of an unknown kind is damage', () => {
    for (const flags of [0, 3, 8, 0x12, 0xffff]) {
      const bytes = new Uint8Array(16);
      viewOf(bytes).setUint16(8, flags, true);
      assert.throws(() => decodePageHeader(viewOf(bytes), origin), Damage);
    }
  });
});

describe('meta', () => {
  const meta: Meta = {
    pageSize: 4096,
    root: { page: 2 ** 33, sequence: 2n ** 63n },
    freelist: undefined,
    highWater: 2 ** 33 + 7,
    transaction: 12,
  };
  const encoded = (value: Meta): Uint8Array => {
    const bytes = new Uint8Array(4096);
    encodeMeta(viewOf(bytes), 1, value);
    return bytes;
  };

  it('is read back as written', () => {
    for (const value of [meta, { ...meta, freelist: 9 }]) {
      assert.deepEqual(decodeMeta(viewOf(encoded(value)), origin), value);
    }
  });

  it('is noticed to be damaged whichever bit of it flips', () => {
    for (let bit = 16 * 8; bit < 80 * 8; bit++) {
      const bytes = encoded(meta);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => decodeMeta(viewOf(bytes), origin), Damage, `bit ${bit}`);
    }
  });

  it('cut short is damage', () => {
    for (let length = 0; length < 80; length++) {
      assert.throws(() => decodeMeta(viewOf(encoded(meta).subarray(0, length)), origin), Damage);
    }
  });

  for (const [what, changes] of Object.entries<Partial<Meta>>({
    'a page size that is no power of two': { pageSize: 4097 },
    'a page size of 512': { pageSize: 512 },
    'its root beyond the high water mark': { highWater: 2 ** 33 },
    'its root on a meta page': { root: { page: 1, sequence: 0n } },
    'its freelist beyond the high water mark': { freelist: 2 ** 33 + 7 },
  })) {
    it(`with ${what} is damage although the checksum fits`, () => {
      assert.throws(() => decodeMeta(viewOf(encoded({ ...meta, ...changes })), origin), Damage);
    });
  }
});

describe('leaf page', () => {
  const body = Buffer.concat([words(0, 32, 2, 3, 1, 21, 1, 0), Buffer.from('kkvvvz')]);

  it('gives keys, values and buckets', () => {
    const leaf = new Leaf(page({ kind: 'leaf', count: 2 }, body));
    assert.deepEqual(
      [0, 1].map((index) => [Buffer.from(leaf.key(index)).toString(), Buffer.from(leaf.value(index)).toString()]),
      [
        ['kk', 'vvv'],
        ['z', ''],
      ],
    );
    assert.deepEqual([leaf.isBucket(0), leaf.isBucket(1)], [false, true]);
    assert.equal(leaf.find(Buffer.from('kk')), 0);
    assert.equal(leaf.find(Buffer.from('kka')), undefined);
    assert.deepEqual(
      ['a', 'kk', 'kka', 'z', 'zz'].map((key) => leaf.lowerBound(Buffer.from(key))),
      [0, 0, 1, 1, 2],
    );
  });

  it('whose elements point outside of it is damage', () => {
    assert.throws(() => new Leaf(page({ kind: 'leaf', count: 300 }, body)), Damage);
    assert.throws(() => new Leaf(page({ kind: 'leaf', count: 1 }, words(0, 8, 1, 1))), Damage);
    assert.throws(() => new Leaf(page({ kind: 'leaf', count: 1 }, words(0, 16, 0, 1))), Damage);
    assert.throws(() => new Leaf(page({ kind: 'leaf', count: 1 }, words(0, 16, 1, 0xffff_ffff))), Damage);
    assert.throws(() => new Leaf(page({ kind: 'leaf', count: 1 }, words(0, 0xffff_fff0, 1, 1))), Damage);
    assert.throws(() => new Leaf(page({ kind: 'branch', count: 1 }, body)), Damage);
  });
});

describe('branch page', () => {
  const body = Buffer.concat([words(32, 1, 7, 0, 17, 2, 8, 1), Buffer.from('bdd')]);

  it('gives keys and children', () => {
    const branch = new Branch(page({ kind: 'branch', count: 2 }, body));
    assert.deepEqual([branch.child(0), branch.child(1)], [7, 2 ** 32 + 8]);
    assert.equal(Buffer.from(branch.key(1)).toString(), 'dd');
    assert.deepEqual(
      ['a', 'b', 'c', 'dd', 'e'].map((key) => branch.childFor(Buffer.from(key))),
      [0, 0, 0, 1, 1],
    );
  });

  it('without children, or whose elements point outside of it, is damage', () => {
    assert.throws(() => new Branch(page({ kind: 'branch', count: 0 }, body)), Damage);
    assert.throws(() => new Branch(page({ kind: 'branch', count: 300 }, body)), Damage);
    assert.throws(() => new Branch(page({ kind: 'branch', count: 1 }, words(16, 5000, 7, 0))), Damage);
    assert.throws(() => new Branch(page({ kind: 'branch', count: 1 }, words(16, 0, 7, 0))), Damage);
    assert.throws(() => new Branch(page({ kind: 'leaf', count: 2 }, body)), Damage);
  });
});

describe('bucket header', () => {
  it('of a bucket with a root page is read back as written', () => {
    const value = encodeBucketHeader({ page: 2 ** 35, sequence: 2n ** 60n });
    assert.deepEqual(decodeBucketHeader(value, origin), { at: 'page', page: 2 ** 35, sequence: 2n ** 60n });
  });

  it('of an inline bucket gives its leaf', () => {
    const inline = page({ kind: 'leaf', count: 1 }, Buffer.concat([words(0, 16, 1, 1), Buffer.from('kv')]), 34);
    const root = decodeBucketHeader(Buffer.concat([new Uint8Array(16), inline.bytes]), origin);
    assert.ok(root.at === 'inline');
    const leaf = new Leaf(root.leaf);
    assert.equal(Buffer.from(leaf.value(0)).toString(), 'v');
    assert.equal(leaf.page.offset, origin.offset + 16);
  });

  it('cut short is damage', () => {
    for (let length = 0; length < 32; length++) {
      assert.throws(() => decodeBucketHeader(new Uint8Array(length), origin), Damage);
    }
  });
});

describe('freelist', () => {
  const ids = (count: number): Uint8Array =>
    new Uint8Array(BigUint64Array.from({ length: count }, (_, at) => BigInt(at + 3)).buffer);

  it('gives page numbers', () => {
    assert.deepEqual(decodeFreelist(page({ kind: 'freelist', count: 3 }, ids(3))), [3, 4, 5]);
    assert.deepEqual(decodeFreelist(page({ kind: 'freelist', count: 0 }, ids(0))), []);
  });

  it('keeps its count elsewhere when it is long', () => {
    const long = Buffer.concat([words(70_000, 0), ids(70_000)]);
    const found = decodeFreelist(page({ kind: 'freelist', count: 0xffff }, long, 600_000));
    assert.equal(found.length, 70_000);
    assert.equal(found.at(-1), 70_002);
  });

  it('longer than its page is damage', () => {
    assert.throws(() => decodeFreelist(page({ kind: 'freelist', count: 511 }, ids(3))), Damage);
    assert.throws(() => decodeFreelist(page({ kind: 'freelist', count: 0xffff }, words(0, 1))), Damage);
    assert.throws(() => decodeFreelist(page({ kind: 'leaf', count: 3 }, ids(3))), Damage);
  });
});

it('fnv64a gives the published values', () => {
  assert.equal(fnv64a(new Uint8Array(0)), 0xcbf29ce484222325n);
  assert.equal(fnv64a(Buffer.from('a')), 0xaf63dc4c8601ec8cn);
  assert.equal(fnv64a(Buffer.from('foobar')), 0x85944171f73967e8n);
});
