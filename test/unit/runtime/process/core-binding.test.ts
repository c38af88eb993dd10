import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { coresIn, loadCoreBinding } from '../../../../src/runtime/process/core-binding.ts';

describe('the binding to a core', () => {
  it('reads the lists of the kernel', () => {
    assert.deepEqual(coresIn('0-3,8'), [0, 1, 2, 3, 8]);
    assert.deepEqual(coresIn('5'), [5]);
    assert.deepEqual(coresIn(''), []);
  });

  it('says that it was not done to a process that is not there', async () => {
    // Above every pid_max.
    assert.equal((await loadCoreBinding())(2 ** 22 + 1), false);
  });
});
