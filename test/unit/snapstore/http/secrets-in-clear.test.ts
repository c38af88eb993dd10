import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isReadable, refuseInClear } from '../../../../src/snapstore/http/secrets-in-clear.ts';

describe('what travels to a URL', () => {
  it('can be read on the way without TLS, unless it stays on this machine', () => {
    for (const url of ['http://store.example', 'http://10.0.0.1:9000/x', 'http://[2001:db8::1]']) {
      assert.equal(isReadable(url), true, url);
    }
    for (const url of ['https://store.example', 'http://127.0.0.1:9000', 'http://localhost', 'http://[::1]:9000/x']) {
      assert.equal(isReadable(url), false, url);
    }
  });

  it('is refused with the place of the endpoint and the secret by name', () => {
    const parts = { origin: '--store-endpoint-override', secret: 'the customer key' };
    assert.throws(() => refuseInClear('http://store.example', parts), {
      code: 'endpoint_invalid',
      message:
        'cannot use the endpoint in --store-endpoint-override: it begins with http://, and the customer key would travel ' +
        'in clear; write https://',
    });
    refuseInClear('http://127.0.0.1', parts);
  });
});
