import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlainRequests } from '../../../../src/server/http/plain-request.ts';

const found = (text: string, requests = new PlainRequests()) => requests.in(Buffer.from(text, 'latin1'));
const withHeader = (line: string): string => `GET /metrics HTTP/1.1\r\nHost: pod-0:8080\r\n${line}\r\n\r\n`;

describe('a plain request', () => {
  it('is what a scraper sends', () => {
    const text =
      'GET /metrics HTTP/1.1\r\nHost: 10.0.0.7:8080\r\nUser-Agent: Prometheus/3.5.0\r\n' +
      'Accept: application/openmetrics-text;version=1.0.0;q=0.6,*/*;q=0.1\r\nAccept-Encoding: gzip\r\n' +
      'Authorization: Bearer 0123456789abcdef\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\nconnection:  Keep-Alive \r\n\r\n';
    assert.deepEqual(found(text), {
      length: text.length,
      path: '/metrics',
      coding: 'gzip',
      authorization: 'Bearer 0123456789abcdef',
    });
  });

  it('is the first of several', () => {
    const first = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    assert.equal(found(`${first}anything`)?.length, first.length);
  });

  it('is found as it is each time, among more than are remembered', () => {
    const requests = new PlainRequests();
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 100; n++) {
        const text = withHeader(`User-Agent: a${'a'.repeat(n)}\r\nAccept-Encoding: gzip;q=${n % 2}`);
        const coding = n % 2 === 1 ? 'gzip' : 'identity';
        // The second one may be cut off, and be another one when it comes.
        for (const bytes of [text, `${text}GET /`]) {
          const { path, ...request } = found(bytes, requests) ?? assert.fail(bytes);
          assert.deepEqual([path, request.coding, request.length], ['/metrics', coding, text.length]);
        }
      }
    }
  });
});

describe('no plain request', () => {
  for (const [title, text] of [
    ['is one whose head has not ended', 'GET /healthz HTTP/1.1\r\nHost: x\r\n'],
    ['is one of another method', 'HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['is one of a method in small letters', 'get /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['is one of HTTP/1.0', 'GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n'],
    ['is one with the address of the server', 'GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['is one after an empty line', '\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['is one with two blanks', 'GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['is one without a host', 'GET /healthz HTTP/1.1\r\nAccept: */*\r\n\r\n'],
    ['is one without headers', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['is one of two hosts', withHeader('Host: pod-0:8080')],
    ['is one of an odd host', 'GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['is one with lines that end otherwise', 'GET /healthz HTTP/1.1\nHost: x\n\r\n\r\n'],
    ['is one with a line that goes on in the next', withHeader('Accept: a\r\n b')],
    ['is one with a blank before the colon', withHeader('Accept : a')],
    ['is one with a body', withHeader('Content-Length: 0')],
    ['is one with chunks', withHeader('Transfer-Encoding: chunked')],
    ['is one that expects', withHeader('Expect: 100-continue')],
    ['is one that ends the connection', withHeader('Connection: close')],
    ['is one that leaves HTTP', withHeader('Connection: upgrade')],
    ['is one from a page', withHeader('Origin: http://evil.example')],
    ['is one of a browser', withHeader('User-Agent: Mozilla/5.0')],
    ['is one that a browser led', withHeader('Accept-Language: de')],
    ['is one with a header twice', withHeader('Accept-Encoding: gzip\r\nAccept-Encoding: br')],
    ['is one with a header that is not known', withHeader('X-Forwarded-For: 10.0.0.1')],
    ['is one named as what all objects have', withHeader('constructor: x')],
    ['is one with bytes beyond ASCII', withHeader('Accept: \xe4')],
    ['is one with a zero byte', withHeader('Accept: \0')],
    ['is one with a long head', withHeader(`Accept: ${'x'.repeat(4_000)}`)],
  ] as const) {
    it(title, () => {
      assert.equal(found(text), undefined);
    });
  }
});
