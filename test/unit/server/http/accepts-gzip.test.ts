import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptsGzip } from '../../../../src/server/http/accepts-gzip.ts';

describe('an Accept-Encoding', () => {
  for (const header of ['gzip', 'GZIP', 'deflate, gzip;q=1.0', 'gzip; q=0.1', '*', 'br, *;q=0.5', 'x-gzip']) {
    it(`asks for gzip: ${header}`, () => assert.equal(acceptsGzip(header), true));
  }
  for (const header of [
    undefined,
    '',
    'identity',
    'br',
    'gzip;q=0',
    'gzip;q=0.000',
    '*;q=0',
    '*, gzip;q=0',
    'gzipped',
    'gzip;q=x',
  ]) {
    it(`does not ask for gzip: ${header}`, () => assert.equal(acceptsGzip(header), false));
  }
});
