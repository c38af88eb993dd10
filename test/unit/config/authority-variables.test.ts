import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { checkAuthorityVariables } from '../../../src/config/authority-variables.ts';

describe('SSL_CERT_FILE', () => {
  it('is refused where it names a pipe or a device, which OpenSSL would wait for', () => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    for (const path of [dir.join('pipe'), '/dev/zero']) {
      assert.throws(
        () => checkAuthorityVariables({ SSL_CERT_FILE: path }),
        /SSL_CERT_FILE: it names a pipe or a device; name a/,
      );
    }
  });

  it('may be a file, a directory, absent, empty or not set', () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), '');
    for (const environment of [
      {},
      ...[dir.join('file'), dir.path, dir.join('none'), ''].map((SSL_CERT_FILE) => ({ SSL_CERT_FILE })),
    ]) {
      checkAuthorityVariables(environment);
    }
  });
});
