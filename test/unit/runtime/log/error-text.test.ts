import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorText } from '../../../../src/runtime/log/error-text.ts';

describe('an error in one line', () => {
  it('adds causes that say something new', () => {
    const refused = new Error('connect ECONNREFUSED 127.0.0.1:2379');
    const failed = new Error('cannot reach etcd', { cause: refused });
    assert.equal(errorText(failed), 'cannot reach etcd: connect ECONNREFUSED 127.0.0.1:2379');
  });

  it('does not repeat itself', () => {
    const inner = new Error('disk full');
    assert.equal(errorText(new Error('cannot save: disk full', { cause: inner })), 'cannot save: disk full');
  });

  it('leaves out of a cause what was said already, with or without quotation marks', () => {
    const inner = new Error('--name="default": --initial-cluster names only a');
    const outer = new Error('cannot restore with --name=default: --initial-cluster names only a', { cause: inner });
    assert.equal(errorText(outer), 'cannot restore with --name=default: --initial-cluster names only a');
  });

  it('is brief about what gRPC packs into its errors', () => {
    const grpc = new Error(
      '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
    );
    assert.equal(
      errorText(new Error('cannot reach etcd: connection refused', { cause: grpc })),
      'cannot reach etcd: connection refused: 14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1.',
    );
  });

  it('reads the errors of an attempt at several addresses', () => {
    const both = new AggregateError([new Error('refused 1'), new Error('refused 2'), new Error('refused 1')]);
    assert.equal(errorText(new Error('no connection', { cause: both })), 'no connection: refused 1, refused 2');
  });

  it('ends even when an error is its own cause', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    assert.equal(errorText(first), 'first: second');
  });

  it('shows control characters and takes anything', () => {
    assert.equal(errorText(new Error('a\n  b\u001b[31m')), 'a b\\x1b[31m');
    assert.equal(errorText('text'), 'text');
    assert.equal(errorText(undefined), 'undefined');
    assert.equal(errorText(new TypeError()), 'TypeError');
  });
});
