import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeCertificates } from '../../../../scripts/lab/certificates.ts';
import { explainAlert } from '../../../../src/etcd/connection/alert-diagnosis.ts';

const ours = { identity: { cert: Buffer.from('no certificate that can be read'), key: Buffer.from('') } };
const none = { identity: undefined };

describe('an alert of a server', () => {
  for (const [code, withOurs, withNone] of [
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /of no authority or kind/, /we showed none.*give --cert/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /does not know the authority.*--trusted-ca-file/, /we showed none/],
    [
      'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
      /takes our certificate in --cert for expired.*renew/,
      /we showed none/,
    ],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED', /is revoked.*another client certificate/, /we showed none/],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', /refused our certificate/, /we showed none/],
    ['ERR_SSL_SSL/TLS_ALERT_UNSUPPORTED_CERTIFICATE', /refused our certificate/, /we showed none/],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', /refused our certificate/, /we showed none/],
    ['ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR', /belong together/, /we showed none/],
    ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', /--client-cert-allowed-cn/, /we showed none/],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', /no cipher that both sides take/, /or it wants a client certificate/],
    ['ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY', /no cipher that both sides take/, /check the ciphers/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /no TLS 1\.2 or newer/, /allow TLS 1\.2/],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', /no TLS 1\.2 or newer/, /allow TLS 1\.2/],
    ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', /no HTTP\/2/, /client port/],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', /does not know the name/, /use a name/],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', /failed during the handshake.*its log/, /--cert-file/],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', /refused our certificate/, /we showed none/],
    ['ERR_SSL_TLSV1_ALERT_DECODE_ERROR', /broke off the TLS handshake.*its log/, /broke off/],
  ] as const) {
    it(code, () => {
      for (const [security, pattern] of [
        [ours, withOurs],
        [none, withNone],
      ] as const) {
        const { found, remedy } = explainAlert(code, security) ?? assert.fail('not explained');
        const text = `${found}; ${remedy}`;
        assert.match(text, pattern);
        assert.ok(found.endsWith(`(${code})`), found);
      }
    });
  }

  it('is none: other codes are left to others', () => {
    for (const code of ['', 'ECONNRESET', 'ERR_SSL_WRONG_VERSION_NUMBER', 'CERT_HAS_EXPIRED', 'ERR_SSL_CONSTRUCTOR']) {
      assert.equal(explainAlert(code, ours), undefined, code);
    }
  });

  it('of an older server, which has one for everything: our certificate is looked at', async () => {
    await using certificates = await makeCertificates();
    const identity = (cert: string) => ({ identity: { cert: readFileSync(cert), key: Buffer.from('') } });
    const bad = 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE';
    const client = identity(certificates.client.cert);
    assert.match(explainAlert(bad, client)?.found ?? '', /it refused our certificate/);
    assert.match(explainAlert(bad, identity(certificates.expired.cert))?.found ?? '', /has expired at \d{4}-/);
    assert.match(explainAlert(bad, client, Date.UTC(2020, 0))?.found ?? '', /is not valid before \d{4}-/);
    const serverOnly = identity(certificates.serverOnly.cert);
    assert.match(explainAlert(bad, serverOnly)?.found ?? '', /is not one for clients/);
  });
});
