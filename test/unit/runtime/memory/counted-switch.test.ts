import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CountedSwitch } from '../../../../src/runtime/memory/counted-switch.ts';

describe('a counted switch', () => {
  it('stays on until the last of its scopes ends, whichever that is', () => {
    for (const firstToEnd of [0, 1] as const) {
      const turned: string[] = [];
      const shared = new CountedSwitch((to) => turned.push(to));
      const scopes = [shared.scope(), shared.scope()] as const;
      assert.deepEqual(turned, ['on']);
      scopes[firstToEnd][Symbol.dispose]();
      assert.deepEqual(turned, ['on']);
      scopes[1 - firstToEnd]?.[Symbol.dispose]();
      assert.deepEqual(turned, ['on', 'off']);
    }
  });

  it('counts a scope that is disposed of twice once, and can be turned on again', () => {
    const turned: string[] = [];
    const shared = new CountedSwitch((to) => turned.push(to));
    {
      using _outer = shared.scope();
      const inner = shared.scope();
      inner[Symbol.dispose]();
      inner[Symbol.dispose]();
      assert.deepEqual(turned, ['on']);
    }
    using _again = shared.scope();
    assert.deepEqual(turned, ['on', 'off', 'on']);
  });
});
