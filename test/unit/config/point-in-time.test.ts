import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readWrittenTime } from '../../../src/config/point-in-time.ts';
import { formatEventTime } from '../../../src/snapshot/delta/event-time.ts';

function read(text: string): string {
  const reading = readWrittenTime(text);
  if ('wrong' in reading) {
    return `wrong: ${reading.wrong}`;
  }
  const { value } = reading;
  return value.kind === 'at' ? formatEventTime(value.time) : `${value.ms} ms ago`;
}

describe('a point in time', () => {
  const written: Readonly<Record<string, string>> = {
    '2026-11-26T21:30:10Z': '2026-11-26T21:30:10Z',
    '2026-11-26T22:30:10.25+01:00': '2026-11-26T21:30:10.25Z',
    '2026-11-26 21:30:10': '2026-11-26T21:30:10.999999999Z',
    '2026-11-26 21:30:10 UTC': '2026-11-26T21:30:10.999999999Z',
    '2026-11-26 21:30:10Z': '2026-11-26T21:30:10Z',
    ' 2026-11-26 21:30:10.5 ': '2026-11-26T21:30:10.5Z',
    '2026-11-26T21:30Z': '2026-11-26T21:30:00Z',
    '2026-11-26T21:30': '2026-11-26T21:30:00Z',
    '2026-11-26 22:30:10+0100': '2026-11-26T21:30:10Z',
    '2026-11-26T22:30:10 +01:00': '2026-11-26T21:30:10Z',
    '2026-11-26T22:30+01': '2026-11-26T21:30:00Z',
    '1795728610': '2026-11-26T21:30:10.999999999Z',
    '5m ago': '300000 ms ago',
    '1h30m ago': '5400000 ms ago',
    '1h 30m AGO': '5400000 ms ago',
  };
  for (const [text, expected] of Object.entries(written)) {
    it(`may be written as "${text}"`, () => assert.equal(read(text), expected));
  }

  for (const text of [
    'yesterday',
    '2026-11-26',
    '2026-02-30T00:00:00Z',
    '2026-11-26T25:00Z',
    '12',
    'ago',
    '-5m ago',
    'five ago',
    '21:30',
  ]) {
    it(`is not "${text}"`, () => assert.match(read(text), /^wrong: /));
  }
});
