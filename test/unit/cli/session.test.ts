import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { Host } from '../../../src/cli/host.ts';
import { openSession } from '../../../src/cli/session.ts';
import { Interrupted } from '../../../src/runtime/process/interrupted.ts';

type Format = 'auto' | 'text' | 'json';

async function opened(facts: {
  readonly terminal: 'yes' | 'no';
  readonly format?: Format;
  readonly environment?: Host['environment'];
}) {
  const written: string[] = [];
  const abandoned: number[] = [];
  const signals = new EventEmitter();
  const stderr = {
    write: (text: string) => void written.push(text),
    isTerminal: facts.terminal === 'yes',
    columns: 80,
  };
  const host: Host = {
    argv: [],
    program: [],
    environment: facts.environment ?? {},
    stdout: { write: () => assert.fail('logs do not go to stdout') },
    stderr,
    signals,
    abandon: (reason) => void abandoned.push(reason.exitCode),
  };
  const session = await openSession({ level: 4, format: facts.format ?? 'auto' }, host);
  return { session, signals, abandoned, written };
}

function visible(written: readonly string[]): string {
  return written.join('').replaceAll('\u001b', '<esc>');
}

/** The one line that is logged. */
async function logged(facts: Parameters<typeof opened>[0]): Promise<string> {
  const { session, written } = await opened(facts);
  session.context.log.info({ actor: 'test' }, 'hello');
  session[Symbol.dispose]();
  assert.equal(written.length, 1);
  return visible(written);
}

describe('the log of a session', () => {
  it('is coloured text on a terminal', async () => {
    assert.match(await logged({ terminal: 'yes' }), /^<esc>\[36mINFO<esc>\[0m\[\d{4}\] hello +<esc>\[36mactor/);
  });

  it('is plain text with NO_COLOR', async () => {
    assert.match(
      await logged({ terminal: 'yes', environment: { NO_COLOR: '1' } }),
      /^INFO\[\d{4}\] hello +actor=test\n$/,
    );
  });

  it('is JSON elsewhere', async () => {
    const line = JSON.parse(await logged({ terminal: 'no' })) as Record<string, unknown>;
    assert.deepEqual({ ...line, time: '' }, { level: 'info', time: '', actor: 'test', msg: 'hello' });
  });

  it('is what --log-format says', async () => {
    assert.match(await logged({ terminal: 'no', format: 'text' }), /^INFO\[\d{4}\] hello +actor=test\n$/);
    assert.match(await logged({ terminal: 'yes', format: 'json' }), /^\{.*\}\n$/);
  });
});

describe('a session', () => {
  it('shows progress on a terminal only, and never tears it', async () => {
    const quiet = await opened({ terminal: 'no', format: 'text' });
    quiet.session.context.progress.start({ label: 'x', unit: 'bytes', total: 1 })[Symbol.dispose]();
    quiet.session[Symbol.dispose]();
    assert.deepEqual(quiet.written, []);

    const { session, written } = await opened({ terminal: 'yes', environment: { NO_COLOR: '1' } });
    {
      using bar = session.context.progress.start({ label: 'restoring', unit: 'bytes', total: 10 });
      bar.advance(10);
      session.context.log.info('in between');
    }
    session[Symbol.dispose]();
    const text = visible(written);
    assert.match(text, /restoring {2}0%/);
    assert.match(text, /\r<esc>\[KINFO\[\d{4}\] in between\nrestoring {2}0%/);
    assert.match(text, /\r<esc>\[K$/);
  });

  it('aborts at the first signal and gives up at the second', async () => {
    const { session, signals, abandoned, written } = await opened({ terminal: 'no', format: 'text' });
    signals.emit('SIGINT');
    assert.ok(session.context.signal.reason instanceof Interrupted);
    assert.match(written.join(''), /INFO\[\d{4}\] Received SIGINT, stopping; a second signal stops at once\n/);
    assert.deepEqual(abandoned, []);
    signals.emit('SIGINT');
    assert.match(written.join(''), /ERRO\[\d{4}\] Received SIGINT again, stopping at once/);
    assert.deepEqual(abandoned, [130]);
    session[Symbol.dispose]();
    assert.equal(signals.listenerCount('SIGINT'), 0);
  });
});
