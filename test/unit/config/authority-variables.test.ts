import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { checkAuthorityVariables } from '../../../src/config/authority-variables.ts';
import { limits } from '../../../src/runtime/limits.ts';

for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
  describe(name, () => {
    it('is refused where it names a pipe or a device, which OpenSSL would wait for', async () => {
      using dir = makeTempDir();
      execFileSync('mkfifo', [dir.join('pipe')]);
      for (const path of [dir.join('pipe'), '/dev/zero']) {
        await assert.rejects(
          checkAuthorityVariables({ [name]: path }),
          new RegExp(`variable ${name}: ${path} is a pipe or a device; name a regular file of certificates$`),
        );
      }
    });

    it('is refused where it names a file that is too large, or one of the kernel that is waited for', async () => {
      using dir = makeTempDir();
      writeFileSync(dir.join('large'), '');
      truncateSync(dir.join('large'), limits.certificateFile.most + 1);
      await assert.rejects(
        checkAuthorityVariables({ [name]: dir.join('large') }),
        /large is longer than 8388608 bytes; name/,
      );
    });

    it('may be a file, a directory, absent, empty or not set', async () => {
      using dir = makeTempDir();
      writeFileSync(dir.join('file'), '');
      for (const path of [dir.join('file'), dir.path, dir.join('none'), '', undefined]) {
        await checkAuthorityVariables({ [name]: path });
      }
    });
  });
}
