import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from '../../../src/runtime/loopback.ts';

test('this machine is localhost, names below it, 127.0.0.0/8 and ::1', () => {
  for (const host of ['localhost', 'LocalHost', 'a.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]']) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of ['localhost.example', '127.0.0.1.example', '10.0.0.1', '::2', '[fe80::1]', 'notlocalhost', '']) {
    assert.equal(isLoopback(host), false, host);
  }
});
