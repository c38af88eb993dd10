import assert from 'node:assert/strict';
import { it } from 'node:test';
import { undeleteAdvice } from '../../../src/cli/undelete-advice.ts';
import { Failure } from '../../../src/runtime/failure.ts';

it('what other commands advise becomes what undelete can do', () => {
  const parts = { code: 'beyond_backup', action: 'read from', object: 'a store', found: 'it ends' } as const;
  for (const [remedy, expected] of [
    ['give at most --revision 122, or none for the newest state', 'give at most --before-revision 123'],
    [
      'give --to-revision 7 or --time 2026-11-27T12:00:00Z',
      'give --before-revision 8 or --before 2026-11-27T12:00:00Z',
    ],
    [
      'look for another copy of it, or give --snapshot Full-1.gz --revision 7 instead of --time to read the state of 2026, the newest without it',
      'look for another copy of it, or move it away and give --before-revision 8 instead of --before to take the state of 2026, the newest without it',
    ],
    ['see etcdbrctl ls --revision 109 for what was there', 'see etcdbrctl ls --revision 109 for what was there'],
    ['give --history 1 --revision 58', 'give --history 1 --before-revision 59'],
    ['find the missing delta', 'find the missing delta'],
  ] as const) {
    const advised = undeleteAdvice(new Failure({ ...parts, remedy }));
    assert.ok(advised instanceof Failure);
    assert.deepEqual(
      [advised.remedy, advised.code, advised.message.startsWith('cannot read from a store: it ends; ')],
      [expected, 'beyond_backup', true],
    );
  }
  const other = new Error('other');
  assert.equal(undeleteAdvice(other), other);
});
