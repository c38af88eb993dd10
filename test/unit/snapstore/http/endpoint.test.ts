import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEndpoint } from '../../../../src/snapstore/http/endpoint.ts';

const origin = '--store-endpoint-override';

describe('an endpoint', () => {
  it('loses the slash at its end and keeps port and path', () => {
    const rules = { origin, schemes: ['http', 'https'] as const };
    assert.equal(parseEndpoint('https://Store.Example:8443/', rules), 'https://store.example:8443');
    assert.equal(parseEndpoint('http://127.0.0.1:10000/account/', rules), 'http://127.0.0.1:10000/account');
  });

  for (const [text, found] of [
    ['store.example', 'it is not a URL with a scheme'],
    ['store.example:443', 'it is not a URL with a scheme'],
    ['https://', 'it is not a URL with a scheme'],
    ['', 'it is not a URL with a scheme'],
    ['ftp://store.example', 'its scheme is not https'],
    ['http://store.example', 'its scheme is not https'],
    ['https://user:hush@store.example', 'it holds more than scheme, host, port and path'],
    ['https://store.example?sig=hush', 'it holds more than scheme, host, port and path'],
  ] as const) {
    it(`is refused: "${text}"`, () => {
      assert.throws(() => parseEndpoint(text, { origin, schemes: ['https'] }), {
        code: 'endpoint_invalid',
        message: `cannot use the endpoint in ${origin}: ${found}; write it as https://HOST[:PORT]`,
      });
    });
  }
});
