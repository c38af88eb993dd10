import assert from 'node:assert/strict';
import { it } from 'node:test';
import { plainDetails } from '../../../../src/etcd/rpc/plain-details.ts';
import { timeGrowth } from '../../../support/growth/time-growth.ts';

for (const [details, plain] of [
  [
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
    'connection refused, nothing listened there',
  ],
  ['No connection established. Last error: Error: read ECONNRESET. Resolution note: ', 'the connection was reset'],
  ['Name resolution failed: getaddrinfo ENOTFOUND etcd.example', 'Name resolution failed: the name has no address'],
  ['connect ESOMETHING 127.0.0.1:1', 'connect ESOMETHING 127.0.0.1:1'],
  [
    'No connection established. Last error: Error: self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca. Resolution note: ',
    'self-signed certificate',
  ],
  [
    'Last error: 40CD6447217F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 116',
    'tlsv13 alert certificate required',
  ],
  ['etcdserver: leader changed', 'etcdserver: leader changed'],
  ['', ''],
] as const) {
  it(`${JSON.stringify(details.slice(0, 60))} is put plainly`, () => {
    assert.equal(plainDetails(details), plain);
  });
}

it('a long text takes no longer', () => {
  for (const part of ['Last error: ', 'error:0A00045C:', 'connect E', 'read ', ' ', ':']) {
    const growth = timeGrowth((size) => void plainDetails(part.repeat(size)), { size: 10_000, factor: 10 });
    assert.ok(growth < 40, `${part}: ${growth}`);
  }
});
