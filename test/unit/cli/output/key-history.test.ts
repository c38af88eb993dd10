import assert from 'node:assert/strict';
import { it } from 'node:test';
import { historyTable } from '../../../../src/cli/output/key-history.ts';

it('a history that does not begin with its key says so', () => {
  const version = { revision: 9, seen: undefined, kind: 'changed', version: 4, size: 1, lease: 0n } as const;
  const table = (first: number) =>
    historyTable({ key: Buffer.from('k'), versions: [{ ...version, version: first }] }, 'text');
  assert.match(table(4), /\n3 versions before: compacted when the full was taken/);
  assert.match(table(2), /\nOne version before: compacted /);
  assert.doesNotMatch(table(1), /compacted/);
  assert.equal(JSON.parse(historyTable({ key: Buffer.from('k'), versions: [version] }, 'json')).version, 4);
});
