import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChangeEncoder, type ChangeFields } from '../../../../src/datadir/mvcc/change-encoder.ts';
import type { UnfitReason } from '../../../../src/datadir/mvcc/unfit-change.ts';

const SOURCE = Buffer.from('keyvalue');

function change(modRevision: number, rest: Partial<ChangeFields> = {}): ChangeFields {
  return {
    isDelete: false,
    keyStart: 0,
    keyEnd: 3,
    valueStart: 3,
    valueEnd: 8,
    createRevision: modRevision,
    modRevision,
    version: 1,
    lease: 0n,
    ...rest,
  };
}

/** Each record as `key=value`, both in hex. */
function records(encoder: ChangeEncoder): string[] {
  const { count, sizes, bytes } = encoder.take();
  const found: string[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const valueAt = at + (sizes[index * 2] ?? 0);
    const end = valueAt + (sizes[index * 2 + 1] ?? 0);
    found.push(`${Buffer.from(bytes.subarray(at, valueAt)).toString('hex')}=${hex(bytes.subarray(valueAt, end))}`);
    at = end;
  }
  return found;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function refusal(kind: UnfitReason['kind'], revision: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Error && 'reason' in error && 'revision' in error);
    assert.equal((error.reason as UnfitReason).kind, kind);
    assert.equal(error.revision, revision);
    return true;
  };
}

describe('ChangeEncoder', () => {
  it('counts sub revisions within a transaction and marks tombstones', () => {
    const encoder = new ChangeEncoder({ after: 4, bytes: 0 });
    encoder.add(SOURCE, change(5));
    encoder.add(SOURCE, change(5, { isDelete: true, createRevision: 0, version: 0 }));
    encoder.add(SOURCE, change(6, { createRevision: 5, version: 300, lease: 0x7fff_ffff_ffff_fffen }));
    assert.deepEqual(records(encoder), [
      '00000000000000055f0000000000000000=0a036b657910051805' + '20012a0576616c7565',
      '00000000000000055f000000000000000174=0a036b6579',
      '00000000000000065f0000000000000000=0a036b65791005180620ac022a0576616c756530feffffffffffffff7f',
    ]);
    assert.equal(encoder.revision, 6);
    assert.equal(encoder.added, 3);
    assert.deepEqual([...encoder.leases], [0x7fff_ffff_ffff_fffen]);
  });

  it('leaves out an empty value and writes revisions beyond 32 bits', () => {
    const encoder = new ChangeEncoder({ after: 2 ** 40 - 1, bytes: 0 });
    encoder.add(SOURCE, change(2 ** 40, { valueEnd: 3 }));
    assert.deepEqual(records(encoder), [
      '00000100000000005f0000000000000000=0a036b6579' + '10808080808020' + '18808080808020' + '2001',
    ]);
  });

  it('keeps counting over batches', () => {
    const encoder = new ChangeEncoder({ after: 1, bytes: 0 });
    encoder.add(SOURCE, change(2));
    records(encoder);
    encoder.add(SOURCE, change(2));
    assert.match(records(encoder)[0] ?? '', /^00000000000000025f0000000000000001=/);
  });

  it('skips what is there already', () => {
    const encoder = new ChangeEncoder({ after: 7, bytes: 0 });
    encoder.add(SOURCE, change(3, { lease: 9n }));
    encoder.add(SOURCE, change(7));
    encoder.add(SOURCE, change(8));
    assert.equal(encoder.skipped, 2);
    assert.equal(records(encoder).length, 1);
    assert.equal(encoder.leases.size, 0);
  });

  it('refuses missing revisions and names them', () => {
    const encoder = new ChangeEncoder({ after: 7, bytes: 0 });
    assert.throws(() => encoder.add(SOURCE, change(10)), refusal('gap', 10));
    assert.throws(() => encoder.add(SOURCE, change(10)), /revisions 8 to 9 are missing/);
  });

  it('refuses revisions that go back', () => {
    const encoder = new ChangeEncoder({ after: 1, bytes: 0 });
    encoder.add(SOURCE, change(2));
    encoder.add(SOURCE, change(3));
    assert.throws(() => encoder.add(SOURCE, change(2)), refusal('order', 2));
  });

  for (const [what, fields] of Object.entries<Partial<ChangeFields>>({
    'a create revision after the mod revision': { createRevision: 9 },
    'no create revision': { createRevision: 0 },
    'version 0': { version: 0 },
    'an empty key': { keyEnd: 0 },
  })) {
    it(`refuses a put with ${what}`, () => {
      const encoder = new ChangeEncoder({ after: 7, bytes: 0 });
      assert.throws(() => encoder.add(SOURCE, change(8, fields)), refusal('content', 8));
    });
  }

  for (const revision of [0, -1, 1.5, 2 ** 53]) {
    it(`refuses revision ${revision}`, () => {
      const encoder = new ChangeEncoder({ after: 7, bytes: 0 });
      assert.throws(() => encoder.add(SOURCE, change(revision)), refusal('content', revision));
    });
  }

  it('grows its memory for records larger than what it reserved', () => {
    const source = Buffer.alloc(3_000_000, 'x');
    const encoder = new ChangeEncoder({ after: 0, bytes: 100 });
    encoder.add(source, change(1, { valueEnd: source.length }));
    encoder.add(source, change(2, { valueEnd: 10 }));
    const found = records(encoder);
    assert.equal(found.length, 2);
    assert.ok((found[0]?.length ?? 0) > 6_000_000);
  });
});
