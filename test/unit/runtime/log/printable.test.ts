import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPrintable, printable, printableJson } from '../../../../src/runtime/log/printable.ts';

/** One of each kind that must not reach a terminal. */
const evil = [
  '\u001b[2J',
  '\u009b2J',
  '\u0000',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u00ad',
  '\ufeff',
  '\u2028',
  '\ud800',
];

describe('a printable text', () => {
  for (const text of evil) {
    it(`has an escape in place of ${JSON.stringify(text)}`, () => {
      assert.equal(isPrintable(text), false);
      const shown = printable(text);
      assert.ok(isPrintable(shown));
      assert.equal(printable(shown), shown);
    });
  }

  it('escapes each control character and no other', () => {
    for (let code = 0; code <= 0x2ff; code++) {
      const text = `a${String.fromCharCode(code)}b`;
      const hides = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
      assert.equal(isPrintable(text), !hides, String(code));
      assert.equal(printable(text) === text, !hides, String(code));
      assert.equal(printableJson(text) === text, !hides || code === 10, String(code));
    }
  });

  it('keeps every letter', () => {
    assert.equal(printable('Größe 東京 🙂'), 'Größe 東京 🙂');
    assert.equal(isPrintable('Größe 東京 🙂'), true);
  });
});

describe('printable JSON', () => {
  it('is the same value in characters that print', () => {
    const value = { texts: [...evil, '\u{e0001}', 'line\nbreak', 'Größe 🙂'] };
    const json = printableJson(JSON.stringify(value));
    assert.deepEqual(JSON.parse(json), value);
    assert.ok(isPrintable(json));
  });

  it('keeps the newline at its end', () => {
    assert.equal(printableJson('{"a":"\u009b"}\n'), '{"a":"\\u009b"}\n');
  });
});
