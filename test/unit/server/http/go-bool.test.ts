import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goBool } from '../../../../src/server/http/go-bool.ts';

describe('a bool of Go', () => {
  it('is one of its twelve words', () => {
    assert.deepEqual(['1', 't', 'T', 'true', 'TRUE', 'True'].map(goBool), Array(6).fill(true));
    assert.deepEqual(['0', 'f', 'F', 'false', 'FALSE', 'False'].map(goBool), Array(6).fill(false));
  });

  it('is nothing else', () => {
    assert.deepEqual(['', 'yes', 'tRUE', ' true', '01', '2'].map(goBool), Array(6).fill(undefined));
  });
});
