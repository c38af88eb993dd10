import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFacts } from '../../../../src/snapshot/key-index/decode-facts.ts';
import { encodeFacts } from '../../../../src/snapshot/key-index/facts.ts';

test('facts come back; of what is not known nothing is written, and what is no fact is refused', () => {
  const known = {
    writtenBy: '1.2.3',
    lastRevision: 7,
    compactRevision: 0,
    pageSize: 4096,
    clusterId: 'cdf818194e3a8c32',
    raftTerm: '18446744073709551615',
  };
  assert.deepEqual(decodeFacts(encodeFacts({ ...known, memberId: undefined })), known);
  assert.deepEqual(decodeFacts(Buffer.from(JSON.stringify({ ...known, later: 1, toString: 'x' }))), known);
  for (const wrong of [
    '',
    '{',
    '{}',
    '[]',
    JSON.stringify({ ...known, clusterId: 'x' }),
    JSON.stringify({ ...known, lastRevision: -1 }),
    JSON.stringify({ ...known, lastRevision: 2 ** 53 }),
    JSON.stringify({ ...known, lastRevision: '7' }),
    JSON.stringify({ ...known, pageSize: 512 }),
    JSON.stringify({ ...known, memberId: null }),
    JSON.stringify({ ...known, takenAt: 'x'.repeat(101) }),
    JSON.stringify({ ...known, writtenBy: undefined }),
    'null',
    '7',
    '"text"',
  ]) {
    assert.equal(decodeFacts(Buffer.from(wrong)), undefined, wrong);
  }
});
