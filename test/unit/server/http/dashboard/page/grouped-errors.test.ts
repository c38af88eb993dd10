import assert from 'node:assert/strict';
import { it } from 'node:test';
import { groupedErrors } from '../../../../../../src/server/http/dashboard/page/grouped-errors.ts';

it('an error that comes again and again is one line, from its first to its last time', () => {
  const error = (code: string, at: string) => ({ code, at, meaning: '', remedy: '' });
  const all = [error('a', '4'), error('a', '3'), error('b', '2'), error('a', '1')];
  assert.deepEqual(
    groupedErrors(all).map(({ newest, oldest, times }) => [newest.code, newest.at, oldest.at, times]),
    [
      ['a', '4', '3', 2],
      ['b', '2', '2', 1],
      ['a', '1', '1', 1],
    ],
  );
});
