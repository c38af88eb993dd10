import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { errorText } from '../../../../src/runtime/log/error-text.ts';
import { ServedCertificate } from '../../../../src/server/http/served-certificate.ts';
import { recordedContext } from '../../../support/context/run-context.ts';

test('a certificate that cannot be read is refused in one sentence', async () => {
  using dir = makeTempDir();
  mkdirSync(dir.join('directory'));
  for (const [name, found] of [
    ['nothing', 'there is no such file or directory'],
    ['directory', 'it is a directory, not a file'],
  ] as const) {
    const certFile = dir.join(name);
    const error: unknown = await ServedCertificate.open({ certFile, keyFile: certFile }, recordedContext()).catch(
      (reason) => reason,
    );
    const said = `cannot serve HTTPS with ${certFile} (--server-cert): ${found}; check --server-cert and --server-key`;
    assert.equal(errorText(error), said);
  }
});
