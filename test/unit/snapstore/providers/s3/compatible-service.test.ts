import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compatibleService } from '../../../../../src/snapstore/providers/s3/compatible-service.ts';

const SERVICE = {
  bucket: 'backups',
  region: 'r',
  endpoint: 'store.example:8080',
  origin: 'ECS_ENDPOINT',
  accessKeyID: 'AKID',
  secretAccessKey: 'hush',
};

test('the scheme follows the switch where the endpoint has none', () => {
  assert.equal(compatibleService(SERVICE).endpoint, 'https://store.example:8080');
  assert.equal(compatibleService({ ...SERVICE, disableSSL: true }).endpoint, 'http://store.example:8080');
  assert.equal(compatibleService({ ...SERVICE, endpoint: 'http://store.example/' }).endpoint, 'http://store.example');
  assert.throws(() => compatibleService({ ...SERVICE, endpoint: 'ftp://x' }), { code: 'endpoint_invalid' });
});

test('such services are talked to in path style, with checksums only where required, and verified', () => {
  const settings = compatibleService(SERVICE);
  assert.equal(settings.pathStyle, true);
  assert.equal(settings.requestChecksums, 'when_required');
  assert.equal(settings.insecureSkipVerify, false);
  assert.equal(compatibleService({ ...SERVICE, insecureSkipVerify: true }).insecureSkipVerify, true);
});
