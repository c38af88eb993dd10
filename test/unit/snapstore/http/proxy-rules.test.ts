import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../../../src/runtime/failure.ts';
import { describeProxy, proxyFor } from '../../../../src/snapstore/http/proxy-rules.ts';

const proxies = { HTTPS_PROXY: 'http://secure.proxy:3128', HTTP_PROXY: 'plain.proxy:8080' };

function proxied(target: string, environment: Readonly<Record<string, string>>): string | undefined {
  const { protocol, hostname, port } = new URL(target);
  assert.ok(protocol === 'http:' || protocol === 'https:');
  const standard = protocol === 'https:' ? 443 : 80;
  const host = hostname.replace(/^\[|\]$/g, '');
  return proxyFor({ protocol, host, port: port === '' ? standard : Number(port) }, environment)?.url.href;
}

describe('a proxy', () => {
  it('is chosen by the scheme of the request', () => {
    assert.equal(proxied('https://s3.test', proxies), 'http://secure.proxy:3128/');
    assert.equal(proxied('http://s3.test', proxies), 'http://plain.proxy:8080/');
    assert.equal(proxied('http://s3.test', { HTTPS_PROXY: 'http://p' }), undefined);
    assert.equal(proxied('https://s3.test', {}), undefined);
  });

  it('may be named in small letters; capital ones come first, empty variables count as not set', () => {
    assert.equal(proxied('https://s3.test', { https_proxy: 'http://small' }), 'http://small/');
    assert.equal(proxied('https://s3.test', { https_proxy: 'http://small', HTTPS_PROXY: 'http://p' }), 'http://p/');
    assert.equal(proxied('https://s3.test', { https_proxy: 'http://small', HTTPS_PROXY: '' }), 'http://small/');
  });

  it('is not asked for this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
      assert.equal(proxied(`https://${host}:9000`, proxies), undefined, host);
    }
  });

  const exceptions: readonly (readonly [exceptions: string, passedBy: readonly string[], asked: readonly string[]])[] =
    [
      ['*', ['https://a.test', 'https://10.0.0.1'], []],
      ['s3.test', ['https://s3.test', 'https://bucket.s3.test', 'https://S3.TEST'], ['https://as3.test']],
      ['.s3.test', ['https://bucket.s3.test'], ['https://s3.test']],
      ['*.s3.test', ['https://bucket.s3.test'], ['https://s3.test']],
      ['s3.test:9000', ['https://s3.test:9000'], ['https://s3.test']],
      ['10.0.0.0/8', ['https://10.200.3.4'], ['https://11.0.0.1', 'https://s3.test']],
      ['10.1.2.3', ['https://10.1.2.3'], ['https://10.1.2.4']],
      ['fd00::/8', ['https://[fd12::1]'], ['https://[fe80::1]', 'https://10.0.0.1']],
      ['fd12:0::1', ['https://[fd12::1]'], ['https://[fd12::2]']],
      ['[fd12::1]:9000', ['https://[fd12::1]:9000'], ['https://[fd12::1]:9001']],
      [' a.test , b.test ,', ['https://a.test', 'https://b.test'], ['https://c.test']],
      ['10.0.0.0/99,nonsense/8', [], ['https://10.0.0.1']],
    ];
  for (const [text, passedBy, asked] of exceptions) {
    it(`is not asked for what NO_PROXY lists: ${text}`, () => {
      for (const target of passedBy) {
        assert.equal(proxied(target, { ...proxies, NO_PROXY: text }), undefined, target);
        assert.equal(proxied(target, { ...proxies, no_proxy: text }), undefined, target);
      }
      for (const target of asked) {
        assert.equal(proxied(target, { ...proxies, NO_PROXY: text }), 'http://secure.proxy:3128/', target);
      }
    });
  }

  it('is refused when it is none, without showing it', () => {
    for (const text of ['socks5://user:hunter2@p:1080', 'http://', 'http://user:hunter2@[', 'ftp://hunter2']) {
      assert.throws(
        () => proxied('https://s3.test', { HTTPS_PROXY: text }),
        (error) => error instanceof Failure && /HTTPS_PROXY/.test(error.message) && !/hunter2/.test(error.message),
        text,
      );
    }
  });

  it('is shown without user and password', () => {
    const proxy = proxyFor(
      { protocol: 'https:', host: 's3.test', port: 443 },
      { HTTPS_PROXY: 'http://user:hunter2@p:3128' },
    );
    assert.ok(proxy !== undefined);
    assert.equal(describeProxy(proxy), 'the proxy http://p:3128 (HTTPS_PROXY)');
  });
});
