import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanText } from '../../../src/runtime/clean-text.ts';

describe('a cleaned text', () => {
  for (const [text, value] of [
    ['a', 'a'],
    ['', ''],
    ['\ufeffa b\u00a0', 'a b'],
    [' \t\r\n a \u200b\u2028', 'a'],
    ['\u200b \ufeff', ''],
    ['می\u200cخواهم', 'می\u200cخواهم'],
  ] as const) {
    it(`of the words ${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => {
      assert.deepEqual(cleanText(text, 'words'), { value });
    });
  }

  for (const character of ['\0', '\u001b', '\n', '\u007f', '\u009b', '\u200b', '\u202e', '\ufeff', '\u2066']) {
    it(`has no ${JSON.stringify(character)} inside, which is said without the text`, () => {
      const wrong = `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
      assert.deepEqual(cleanText(`hunter2${character}x`, 'words'), {
        wrong: `it holds a character that cannot be seen, ${wrong}`,
      });
    });
  }

  for (const kind of ['words', 'secret', 'lines'] as const) {
    it(`is not made of ${kind} that were no UTF-8: what was meant is lost`, () => {
      const decoded = Buffer.from([0x61, 0xff, 0x62]).toString();
      assert.deepEqual(cleanText(decoded, kind), { wrong: 'it holds bytes that are no UTF-8' });
    });
  }

  it('keeps the blanks of a secret, not its line ends', () => {
    assert.deepEqual(cleanText('\ufeff hunter2 \r\n', 'secret'), { value: ' hunter2 ' });
    assert.ok('wrong' in cleanText('hunter\n2', 'secret'));
  });

  it('keeps the line ends of lines', () => {
    assert.deepEqual(cleanText('\ufeffa\r\n\tb\n', 'lines'), { value: 'a\r\n\tb\n' });
    assert.ok('wrong' in cleanText('a\0b', 'lines'));
  });

  it('takes as long as the text is, also of blanks', () => {
    const before = process.cpuUsage().user;
    cleanText(`a${' '.repeat(200_000)}b`, 'words');
    assert.ok(process.cpuUsage().user - before < 500_000);
  });
});
