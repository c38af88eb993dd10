import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../../../src/runtime/clock.ts';
import { createLogger, type LoggerOptions } from '../../../../src/runtime/log/pino-logger.ts';

const clock: Clock = {
  now: () => Date.UTC(2026, 10, 21, 11, 22, 33, 44),
  monotonic: () => 19_000,
  sleep: () => Promise.reject(new Error('loggers do not sleep')),
};

function recorded(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const output = { print: (text: string) => void lines.push(text), show: () => undefined };
  const log = createLogger({ output, clock, format: 'json', colour: 'off', level: 4, startedAt: 1_000, ...options });
  return { log, lines };
}

function parsed(line: string | undefined): Record<string, unknown> {
  return JSON.parse(line ?? '') as Record<string, unknown>;
}

describe('the logger', () => {
  it('writes JSON lines with level name, RFC 3339 time and message', () => {
    const { log, lines } = recorded();
    log.child({ actor: 'snapshotter' }).info({ revision: 7 }, 'saved');
    assert.equal(lines.length, 1);
    const { time, ...rest } = parsed(lines[0]);
    assert.deepEqual(rest, { level: 'info', actor: 'snapshotter', revision: 7, msg: 'saved' });
    assert.equal(Date.parse(String(time)), clock.now());
    assert.match(String(time), /^2026-11-2\dT\d\d:\d\d:33\.044(Z|[+-]\d\d:\d\d)$/);
  });

  it('writes no name twice: what is nearer to the line wins, and the names of the line itself are its own', () => {
    const { log, lines } = recorded();
    const initializer = log.child({ actor: 'initializer', revision: 1 });
    initializer.child({ actor: 'restorer' }).info({ revision: 2, time: 'noon', level: 'hash', msg: 'hm' }, 'reads');
    initializer.info('goes on');
    for (const [line, names] of [
      [lines[0], ['level', 'time', 'actor', 'revision', 'time_', 'level_', 'msg_', 'msg']],
      [lines[1], ['level', 'time', 'actor', 'revision', 'msg']],
    ] as const) {
      assert.deepEqual(
        [...(line ?? '').matchAll(/"(\w+)":/g)].map(([, name]) => name),
        names,
      );
    }
    assert.equal(parsed(lines[0])['actor'], 'restorer');
    assert.equal(parsed(lines[0])['revision'], 2);
    assert.equal(parsed(lines[1])['actor'], 'initializer');
  });

  it('writes text lines with elapsed seconds', () => {
    const { log, lines } = recorded({ format: 'text' });
    log.warn({ actor: 'copier' }, 'slow');
    log.info('time and msg are words, too');
    assert.deepEqual(lines, [
      `WARN[0018] ${'slow'.padEnd(44)} actor=copier\n`,
      'INFO[0018] time and msg are words, too\n',
    ]);
  });

  for (const [level, shown] of [
    [1, []],
    [2, ['error']],
    [3, ['error', 'warn']],
    [4, ['error', 'warn', 'info']],
    [5, ['error', 'warn', 'info', 'debug']],
  ] as const) {
    it(`at level ${level} writes ${shown.join(', ') || 'nothing'}`, () => {
      const { log, lines } = recorded({ level });
      for (const name of ['error', 'warn', 'info', 'debug'] as const) {
        log[name]('x');
      }
      assert.deepEqual(
        lines.map((line) => parsed(line)['level']),
        shown,
      );
    });
  }

  it('redacts secrets by the names of their fields, at any depth', () => {
    const { log, lines } = recorded();
    log
      .child({ secretAccessKey: 'hunter2' })
      .info({ password: 'hunter2', options: { 'etcd-password': 'hunter2', list: [{ TOKEN: 'hunter2' }] } }, 'x');
    assert.doesNotMatch(lines.join(), /hunter2/);
    assert.match(lines.join(), /\[redacted\]/);
  });

  it('writes errors with their causes, big integers, bytes and objects with behaviour as text', () => {
    class Store {
      readonly secret = 'hunter2';
    }
    const { log, lines } = recorded();
    const err = new Error('cannot save', { cause: new Error('disk full') });
    log.error({ err, id: 2n ** 63n, bytes: new Uint8Array(3), store: new Store(), when: new Date(0) }, 'x');
    const { time: _time, ...rest } = parsed(lines[0]);
    assert.deepEqual(rest, {
      level: 'error',
      err: 'cannot save: disk full',
      id: '9223372036854775808',
      bytes: '3 bytes',
      store: '[Store]',
      when: '1970-01-01T00:00:00.000Z',
      msg: 'x',
    });
  });
});
