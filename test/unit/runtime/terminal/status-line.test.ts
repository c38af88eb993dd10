import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusLine } from '../../../../src/runtime/terminal/status-line.ts';

/** What a terminal shows after these bytes: carriage return, erase to the end and newline are all that is used. */
function screen(written: string): readonly string[] {
  const lines = [''];
  for (const piece of written.split(/(\r|\n|\p{Cc}\[K)/u)) {
    const last = lines.length - 1;
    if (piece === '\n') {
      lines.push('');
    } else if (piece === '\u001b[K') {
      lines[last] = '';
    } else if (piece !== '\r') {
      lines[last] += piece;
    }
  }
  return lines;
}

function recorder(columns = 80) {
  let written = '';
  const write = (text: string): void => {
    written += text;
  };
  return { line: statusLine({ write, isTerminal: true, columns }), written: () => written };
}

describe('the status line', () => {
  it('stays below lines that are printed while it is shown', () => {
    const { line, written } = recorder();
    line.print('first\n');
    line.show('10%');
    line.print('second\n');
    line.show('20%');
    line.print('third\n');
    assert.deepEqual(screen(written()), ['first', 'second', 'third', '20%']);
    line.show(undefined);
    line.print('fourth\n');
    assert.deepEqual(screen(written()), ['first', 'second', 'third', 'fourth', '']);
  });

  it('is cut to the width of the terminal', () => {
    const { line, written } = recorder(10);
    line.show('a long status line');
    assert.deepEqual(screen(written()), ['a long st']);
  });

  it('writes nothing of its own when nothing is shown', () => {
    const { line, written } = recorder();
    line.show(undefined);
    line.print('plain\n');
    assert.equal(written(), 'plain\n');
  });
});
