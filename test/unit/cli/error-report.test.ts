import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportError, reportStyle } from '../../../src/cli/error-report.ts';
import { UsageFailure } from '../../../src/config/usage-failure.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { Interrupted } from '../../../src/runtime/process/interrupted.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';

const brief = { format: 'text', detail: 'one line' } as const;

const failure = new Failure({
  code: 'etcd_unreachable',
  action: 'reach etcd at',
  object: 'http://127.0.0.1:1',
  found: 'nobody answers',
  remedy: 'check --endpoints',
  cause: new Error('connect ECONNREFUSED'),
});

describe('the report of an error', () => {
  it('is one line with the causes', () => {
    assert.deepEqual(reportError(failure, brief), {
      text: 'error: cannot reach etcd at http://127.0.0.1:1: nobody answers; check --endpoints: connect ECONNREFUSED\n',
      exitCode: 1,
    });
  });

  it('says what to do where a store is not well', () => {
    const unwell = { action: 'list', object: 's3://b', found: 'the store answered 503 SlowDown' };
    const textOf = (error: Error): string => reportError(error, brief).text;
    assert.equal(
      textOf(new StoreError('transient', unwell)),
      'error: cannot list s3://b: the store answered 503 SlowDown; it was tried again in vain: see what is wrong with the store, or run it again later\n',
    );
    assert.match(textOf(new StoreError('transient', { ...unwell, remedy: 'check it' })), /SlowDown; check it\n$/);
    assert.match(textOf(new StoreError('denied', unwell)), /SlowDown\n$/);
  });

  it('tells what ended the work, not what failed afterwards', () => {
    const twice = new SuppressedError(new Error('rmdir'), new SuppressedError(new Error('close'), failure));
    assert.deepEqual(reportError(twice, brief), reportError(failure, brief));
  });

  it('exits with 2 for bad usage', () => {
    const usage = new UsageFailure({ action: 'use', object: '--x', found: 'it is wrong' });
    assert.deepEqual(reportError(usage, brief), { text: 'error: cannot use --x: it is wrong\n', exitCode: 2 });
  });

  it('exits as a shell expects when interrupted', () => {
    assert.deepEqual(reportError(new Interrupted('SIGTERM'), brief), {
      text: 'error: interrupted by SIGTERM\n',
      exitCode: 143,
    });
  });

  it('takes errors of the system for what they are', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    assert.deepEqual(reportError(full, brief), {
      text: 'error: cannot write a file: no space is left on the volume (ENOSPC); free some space or use a larger volume\n',
      exitCode: 1,
    });
    const { code } = JSON.parse(reportError(full, { ...brief, format: 'json' }).text) as { readonly code: unknown };
    assert.equal(code, 'system_error');
  });

  it('says how to find out more about a fault, and shows the stack when asked', () => {
    const fault = new TypeError('x is not a function');
    const report = reportError(fault, brief);
    assert.equal(
      report.text,
      'error: unexpected fault: x is not a function; run again with --log-level debug to see where, and report it\n',
    );
    assert.equal(report.exitCode, 1);
    assert.match(reportError(fault, { format: 'text', detail: 'all' }).text, /\n {4}at /);
    assert.doesNotMatch(reportError(failure, { format: 'text', detail: 'all' }).text, /\n {4}at /);
  });

  it('is one JSON object on request', () => {
    const { text } = reportError(failure, { format: 'json', detail: 'one line' });
    const { time, ...rest } = JSON.parse(text) as Record<string, unknown>;
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    assert.deepEqual(rest, {
      level: 'error',
      code: 'etcd_unreachable',
      exitCode: 1,
      msg: 'cannot reach etcd at http://127.0.0.1:1: nobody answers; check --endpoints: connect ECONNREFUSED',
    });
  });
});

describe('the style of the report', () => {
  const text = { format: 'text', detail: 'one line' };
  for (const [argv, environment, style] of [
    [['snapshot'], {}, text],
    [['snapshot', '--log-format', 'auto'], {}, text],
    [['snapshot', '--log-format', 'json'], {}, { ...text, format: 'json' }],
    [['snapshot', '--log-format=json', '--bad'], {}, { ...text, format: 'json' }],
    [['snapshot'], { ETCDBRCTL_LOG_FORMAT: 'json' }, { ...text, format: 'json' }],
    [['snapshot', '--log-format=text'], { ETCDBRCTL_LOG_FORMAT: 'json' }, text],
    [['snapshot', '--log-level', 'debug'], {}, { ...text, detail: 'all' }],
    [['snapshot', '--log-level=5'], {}, { ...text, detail: 'all' }],
    [['snapshot', '--log-level'], {}, text],
  ] as const) {
    it(`of ${argv.join(' ')} with ${JSON.stringify(environment)}`, () => {
      assert.deepEqual(reportStyle(argv, environment), style);
    });
  }
});
