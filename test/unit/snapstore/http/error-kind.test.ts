import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../../../src/runtime/failure.ts';
import { BodyFault } from '../../../../src/snapstore/http/body-fault.ts';
import { kindOfNetworkError, kindOfStatus, retryAfterMs } from '../../../../src/snapstore/http/error-kind.ts';
import { DeadlineExceeded } from '../../../../src/snapstore/http/request-deadline.ts';

describe('what an HTTP status means to a store', () => {
  for (const [kind, statuses] of [
    ['denied', [401, 403, 407]],
    ['not_found', [404]],
    ['gone', [410]],
    ['quota', [507]],
    ['transient', [408, 425, 429, 499, 500, 502, 503, 504]],
    ['invalid', [301, 302, 400, 405, 409, 412, 413, 416, 501, 505, 506, 510, 511]],
  ] as const) {
    it(`${statuses.join(', ')}: ${kind}`, () => {
      assert.deepEqual([...new Set(statuses.map(kindOfStatus))], [kind]);
    });
  }
});

describe('what a failure without an answer means', () => {
  const coded = (code: string): Error => Object.assign(new Error('raw'), { code });

  it('a broken connection is transient, also as the cause of another error', () => {
    for (const error of [coded('ECONNRESET'), new Error('outer', { cause: coded('ECONNRESET') })]) {
      assert.deepEqual(kindOfNetworkError(error), {
        kind: 'transient',
        found: 'the connection broke (ECONNRESET)',
        remedy: 'check the endpoint (http or https?), and what is on the way to the store',
      });
    }
  });

  it('a certificate that is not trusted is not worth another try', () => {
    for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
      assert.equal(kindOfNetworkError(coded(code)).kind, 'invalid', code);
    }
  });

  it('a setting that is wrong is not worth another try, and keeps its words', () => {
    const parts = { action: 'use the proxy in', object: 'HTTPS_PROXY', found: 'it is not a URL', remedy: 'correct it' };
    const failure = new Failure({ code: 'endpoint_invalid', ...parts });
    for (const error of [failure, new Error('outer', { cause: failure })]) {
      assert.deepEqual(kindOfNetworkError(error), {
        kind: 'invalid',
        found: 'cannot use the proxy in HTTPS_PROXY: it is not a URL',
        remedy: 'correct it',
      });
    }
  });

  it('a deadline and what nobody knows are transient', () => {
    const unknown = Object.assign(new Error('x'), { code: 'ENOTFOUND', hostname: 'bucket.s3.example' });
    assert.match(
      kindOfNetworkError(new Error('y', { cause: unknown })).found,
      /^the host name bucket\.s3\.example is unknown \(ENOTFOUND\)$/,
    );
    assert.deepEqual(kindOfNetworkError(new DeadlineExceeded(1_500)), {
      kind: 'transient',
      found: 'nothing came back within 1.5 s',
      remedy: 'check the endpoint, and the network between this machine and it',
    });
    assert.equal(kindOfNetworkError(new Error('odd')).kind, 'transient');
  });

  it('a protocol that the other side does not speak is not worth another try, and is named', () => {
    const wrong = Object.assign(new Error('write EPROTO 140:error:0A00010B:SSL routines:wrong version number'), {
      code: 'EPROTO',
    });
    for (const error of [wrong, coded('ERR_SSL_WRONG_VERSION_NUMBER'), coded('ERR_SSL_PACKET_LENGTH_TOO_LONG')]) {
      const { kind, found } = kindOfNetworkError(error);
      assert.equal(kind, 'invalid');
      assert.match(found, /^what answers does not speak TLS \(\w+\); is its endpoint one of http\?$/);
    }
    const { kind, found } = kindOfNetworkError(coded('HPE_INVALID_CONSTANT'));
    assert.equal(kind, 'invalid');
    assert.match(found, /does not speak HTTP/);
  });

  it('nothing of the words of a library is said', () => {
    for (const error of [
      new TypeError("Cannot read properties of undefined (reading 'segment')"),
      new SyntaxError("Unexpected token '<'"),
      new Error('inspect the hidden field {error}.$response'),
      'a text',
    ]) {
      assert.match(kindOfNetworkError(error).found, /^(its answer cannot be understood|the request failed)$/);
    }
    assert.equal(kindOfNetworkError(new TypeError('x')).kind, 'invalid');
    const late = Object.assign(new Error('@smithy/node-http-handler - the request socket'), { name: 'TimeoutError' });
    assert.deepEqual(kindOfNetworkError(late), { kind: 'transient', found: 'no answer came in time' });
    assert.equal(kindOfNetworkError(coded('EACCES')).found, 'the request failed (EACCES)');
  });

  it('a body that is not what was announced is said in our words', () => {
    const found = 'the body ended after 1 of 2 bytes';
    assert.deepEqual(kindOfNetworkError(new BodyFault(found)), { kind: 'transient', found });
  });
});

describe('how long a store asks to be left alone', () => {
  it('seconds, or a date', () => {
    const now = Date.parse('Sat, 21 Nov 2026 12:00:00 GMT');
    assert.equal(retryAfterMs('7', now), 7_000);
    assert.equal(retryAfterMs('Sat, 21 Nov 2026 12:00:30 GMT', now), 30_000);
    assert.equal(retryAfterMs('Sat, 21 Nov 2026 11:00:00 GMT', now), 0);
    assert.equal(retryAfterMs('soon', now), undefined);
    assert.equal(retryAfterMs(undefined, now), undefined);
  });
});
