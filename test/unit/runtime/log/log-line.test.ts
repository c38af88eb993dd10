import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatLogLine } from '../../../../src/runtime/log/log-line.ts';

const plain = { colour: 'off' } as const;

function line(level: string, text: string, fields: Readonly<Record<string, unknown>> = {}, elapsedMs = 18_400): string {
  return formatLogLine({ level, text, fields, elapsedMs }, plain);
}

describe('log lines for people', () => {
  it('begin with level and elapsed seconds', () => {
    assert.equal(line('info', 'Git SHA: c03f75c', {}, 0), 'INFO[0000] Git SHA: c03f75c');
    assert.equal(line('warn', 'x'), 'WARN[0018] x');
    assert.equal(line('error', 'x'), 'ERRO[0018] x');
    assert.equal(line('debug', 'x', {}, 12_345_678), 'DEBU[12345] x');
  });

  it('put fields after the padded message', () => {
    assert.equal(
      line('info', 'Getting source backups...', { actor: 'copier' }),
      'INFO[0018] Getting source backups...                    actor=copier',
    );
    assert.equal(
      line('info', 'Successfully saved full snapshot at: Full-00000000-00009002-1565021494', { actor: 'snapshotter' }),
      'INFO[0018] Successfully saved full snapshot at: Full-00000000-00009002-1565021494 actor=snapshotter',
    );
  });

  it('quote field values only when needed', () => {
    const fields = {
      a: 'http://h:1',
      b: 'two words',
      c: 'x=y',
      d: '',
      e: 'say "hi"',
      f: 7,
      g: true,
      h: null,
      i: ['x', 'y'],
    };
    assert.equal(
      line('info', 'm', fields).slice('INFO[0018] '.length + 45),
      'a=http://h:1 b="two words" c="x=y" d="" e="say \\"hi\\"" f=7 g=true h=null i="[\\"x\\",\\"y\\"]"',
    );
  });

  it('leave out fields without a value and stay one line', () => {
    assert.equal(line('info', 'one\n  two\u001b[2J', { a: undefined }), 'INFO[0018] one two\\x1b[2J');
  });

  it('are coloured on request', () => {
    const text = formatLogLine({ level: 'warn', text: 'x', fields: { a: 1 }, elapsedMs: 0 }, { colour: 'on' });
    assert.equal(text.startsWith('\u001b[33mWARN\u001b[0m[0000] x'), true);
  });
});
