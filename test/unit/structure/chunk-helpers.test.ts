import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chunkHelpers } from '../../../scripts/build/chunk-helpers.ts';

const { __export: defineExports, __toESM: namespaceOf, __toCommonJS: markAsModule } = chunkHelpers;

describe('what the chunks of the executable share', () => {
  it('exports are live: a chunk in a circle sees what was not there when it was loaded', () => {
    let value = 'before';
    const exports = {};
    defineExports(exports, { value: () => value });
    const chunk = markAsModule(exports);
    value = 'after';
    assert.deepEqual(Object.entries(chunk), [['value', 'after']]);
    assert.equal(namespaceOf(chunk), chunk);
  });

  it('a module of Node is its own default export, has its names too, and is the same for all chunks', () => {
    const made = {
      path: '/',
      get now() {
        return this.path;
      },
      [Symbol.iterator]: undefined,
    };
    Object.defineProperty(made, 'hidden', { value: 1, enumerable: false });
    const view = namespaceOf(made);
    made.path = '/later';
    assert.deepEqual({ ...view }, { default: made, path: '/later', now: '/later' });
    assert.equal(Reflect.get(view, 'hidden'), 1);
    assert.equal(namespaceOf(made), view);
  });
});
