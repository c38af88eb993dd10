import assert from 'node:assert/strict';
import { it } from 'node:test';
import { diffAdvice } from '../../../src/cli/diff-advice.ts';
import { Failure } from '../../../src/runtime/failure.ts';

it('flags of other commands that lead to a state become what diff takes for one', () => {
  const parts = { code: 'beyond_backup', action: 'read from', object: 'a store', found: 'it ends' } as const;
  for (const [remedy, expected] of [
    ['give at most --revision 122, or none for the newest state', 'give at most the revision 122, or newest'],
    [
      'look for another copy of it, or give --snapshot Full-1.gz --revision 7 to read the state of 2026',
      'look for another copy of it, or give the snapshot Full-1.gz to read the state of 2026',
    ],
    ['or give --revision 7 instead of --time to read the state', 'or give the revision 7 to read the state'],
    ['give --history 1 --revision 58', 'give --history 1 and the revision 58'],
    ['find the missing delta', 'find the missing delta'],
  ] as const) {
    const advised = diffAdvice(new Failure({ ...parts, remedy }));
    assert.ok(advised instanceof Failure);
    assert.equal(advised.remedy, expected);
  }
  const other = new Error('other');
  assert.equal(diffAdvice(other), other);
});
