import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PeerCertificate } from 'node:tls';
import { makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { refuseCommonName, TransportSecuritySource } from '../../../../src/etcd/connection/transport-security.ts';
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

test('a certificate with a common name and no other is for nobody, as in Go', () => {
  const subject = { CN: 'etcd-0.example' };
  const bare = { subject } as unknown as PeerCertificate;
  const error = refuseCommonName('etcd-0.example', bare);
  assert.match(error?.message ?? '', /no subject alternative name; its common name does not count/);
  assert.equal((error as NodeJS.ErrnoException).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  const named = { subject, subjectaltname: 'DNS:etcd-1.example, IP Address:10.0.0.1' } as unknown as PeerCertificate;
  assert.equal(refuseCommonName('etcd-1.example', named), undefined);
  assert.equal(refuseCommonName('10.0.0.1', named), undefined);
  assert.ok(refuseCommonName('etcd-0.example', named) instanceof Error);
});
