import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { TransportSecuritySource } from '../../../../src/etcd/connection/transport-security.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

test('certificates that are renewed are read again, but not in the middle of a renewal', async () => {
  await using certificates = await makeCertificates();
  const certFile = join(certificates.dir, 'ours.crt');
  const keyFile = join(certificates.dir, 'ours.key');
  const place = (from: { readonly cert: string; readonly key: string }, what: 'cert' | 'key'): void =>
    copyFileSync(from[what], what === 'cert' ? certFile : keyFile);
  place(certificates.client, 'cert');
  place(certificates.client, 'key');
  const log = new RecordedLog();
  const files = { caFile: certificates.ca, certFile, keyFile, insecureSkipVerify: false };
  const source = await TransportSecuritySource.open(files, log);
  const shown = async (): Promise<string | undefined> => (await source.current()).identity?.cert.toString();
  const before = readFileSync(certificates.client.cert, 'utf8');
  const after = readFileSync(certificates.server.cert, 'utf8');
  assert.equal(await shown(), before);

  rmSync(certFile);
  place(certificates.server, 'cert');
  assert.equal(await shown(), before, 'the key is still the old one');
  assert.equal(log.count(/^Going on with the certificates for etcd that were read before/), 1);

  place(certificates.server, 'key');
  assert.equal(await shown(), after);
  assert.equal(log.count(/^The certificates for etcd have changed/), 1);

  rmSync(keyFile);
  assert.equal(await shown(), after);
});
