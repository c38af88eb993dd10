import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LightController, LightSignal } from './light-abort.ts';

interface Kind {
  readonly controller: () => AbortController;
  readonly any: (signals: AbortSignal[]) => AbortSignal;
}

const kinds: Readonly<Record<'real' | 'light', Kind>> = {
  real: { controller: () => new AbortController(), any: (signals) => AbortSignal.any(signals) },
  light: {
    controller: () => new LightController() as unknown as AbortController,
    any: (signals) => LightSignal.any(signals as unknown as LightSignal[]) as unknown as AbortSignal,
  },
};

/** What signals do, in order, whose reasons, listeners and followers depend on each other. */
function story({ controller, any }: Kind): readonly string[] {
  const said: string[] = [];
  const [first, second, third] = [controller(), controller(), controller()];
  const both = any([first.signal, second.signal]);
  const nested = any([both, third.signal, third.signal]);
  const say = (what: string) => () => void said.push(`${what} ${both.aborted} ${nested.aborted}`);
  const twice = say('twice');
  const never = say('never');
  nested.addEventListener('abort', say('nested'), { once: true });
  both.addEventListener('abort', say('both'));
  first.signal.addEventListener('abort', twice);
  first.signal.addEventListener('abort', twice);
  first.signal.addEventListener('abort', () => first.signal.removeEventListener('abort', never));
  first.signal.addEventListener('abort', () => first.signal.addEventListener('abort', say('late')));
  first.signal.addEventListener('abort', never);
  second.signal.addEventListener('abort', say('second'), { signal: third.signal });
  third.abort(new Error('third'));
  said.push(String(nested.reason), String(both.aborted));
  second.abort();
  first.abort('first');
  first.abort('again');
  said.push(String(both.reason), String(first.signal.reason), String(any([both, first.signal]).reason));
  assert.throws(() => both.throwIfAborted(), { name: 'AbortError' });
  return said;
}

test('light signals do what those of the platform do', () => {
  assert.deepEqual(story(kinds.light), story(kinds.real));
});
