import assert from 'node:assert/strict';

/**
 * The numbers of the calls that are made to fail: some of them, as many as `sample`, or with `FILE_ERRORS=all` all of them; from that of
 * `FILE_ERRORS_FIRST` on, so that a run that was interrupted goes on. `--test-name-pattern` chooses the command.
 */
export function* triedCalls(count: number, sample: number): Generator<number> {
  const first = Number(process.env['FILE_ERRORS_FIRST'] ?? '1');
  assert.ok(Number.isSafeInteger(first) && first >= 1, 'FILE_ERRORS_FIRST is the number of a call, from 1');
  const step = process.env['FILE_ERRORS'] === 'all' ? 1 : Math.ceil(count / sample);
  for (let at = first; at <= count; at += step) {
    yield at;
  }
}
