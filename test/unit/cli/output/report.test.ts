import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatReport, tableLines } from '../../../../src/cli/output/report.ts';
import { isPrintable } from '../../../../src/runtime/log/printable.ts';

/** Clears the screen, does so with one character, turns the text around, is not seen, ends the line. */
const evil = ['\u001b[2J', '\u009b2J', '\u202egz.1', '\ufeff', 'a\u2028b'];

describe('a report with texts of others', () => {
  const report = { table: evil.map((text) => `name: ${text}`), data: { names: evil, nested: { plain: 'Größe 🙂' } } };

  for (const format of ['text', 'json', 'yaml'] as const) {
    it(`brings nothing to the terminal but what can be read: ${format}`, async () => {
      for (const line of (await formatReport(report, format)).split('\n')) {
        assert.ok(isPrintable(line), JSON.stringify(line));
      }
    });
  }

  it('has the same data', async () => {
    assert.deepEqual(JSON.parse(await formatReport(report, 'json')), report.data);
    const { parse } = await import('yaml');
    assert.deepEqual(parse(await formatReport(report, 'yaml')), report.data);
  });
});

it('the columns of a table are as wide as what is shown', () => {
  const columns = [
    { title: 'NAME', align: 'left' },
    { title: 'SIZE', align: 'right' },
  ] as const;
  assert.deepEqual(
    tableLines(columns, [
      ['\u009bx', '1'],
      ['abc', '22'],
    ]),
    ['NAME   SIZE', '\\x9bx     1', 'abc      22'],
  );
});
