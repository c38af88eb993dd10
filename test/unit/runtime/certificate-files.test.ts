import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { certificatesIn, certificatesInDirectory, NoCertificateFile } from '../../../src/runtime/certificate-files.ts';
import { limits } from '../../../src/runtime/limits.ts';

const certificate = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;

describe('files of certificates', () => {
  it('give each certificate, without what is around them', () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('ca.pem'), `# one\n${certificate('YQ==')}\n# two\n${certificate('Yg==')}\n`);
    assert.deepEqual(certificatesIn(dir.join('ca.pem')), [certificate('YQ=='), certificate('Yg==')]);
  });

  it('are refused at once where they are a pipe without a writer, a device that never ends or one that waits', () => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    for (const path of [dir.join('pipe'), '/dev/zero', '/dev/tty', '/dev/ptmx']) {
      assert.throws(
        () => certificatesIn(path),
        (error) => error instanceof NoCertificateFile || (error instanceof Error && 'code' in error),
        path,
      );
    }
    assert.throws(() => certificatesIn(dir.path), /is a directory$/);
  });

  it('do not include a file that is longer than all authorities of a machine', () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('large'), certificate('YQ=='));
    truncateSync(dir.join('large'), limits.certificateFile.most);
    assert.equal(certificatesIn(dir.join('large')).length, 1);
    truncateSync(dir.join('large'), limits.certificateFile.most + 1);
    assert.throws(() => certificatesIn(dir.join('large')), /large is longer than 8388608 bytes$/);
  });

  it('are read of a directory, but for pipes, folders, links to nothing and what is too long', () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('folder'));
    execFileSync('mkfifo', [dir.join('pipe')]);
    execFileSync('ln', ['-s', 'nothing', dir.join('link')]);
    execFileSync('ln', ['-s', '/dev/zero', dir.join('zero')]);
    writeFileSync(dir.join('a.pem'), certificate('YQ=='));
    writeFileSync(dir.join('large'), certificate('Yg=='));
    truncateSync(dir.join('large'), limits.certificateFile.most + 1);
    assert.deepEqual(certificatesInDirectory(dir.path), [certificate('YQ==')]);
  });

  it('are not read of a directory that holds more than all authorities of a machine', () => {
    using dir = makeTempDir();
    const files = limits.certificateDirectory.most / limits.certificateFile.most;
    for (let number = 0; number <= files; number++) {
      writeFileSync(dir.join(`${number}.pem`), certificate('YQ=='));
      truncateSync(dir.join(`${number}.pem`), limits.certificateFile.most);
    }
    assert.throws(() => certificatesInDirectory(dir.path), /holds more than 67108864 bytes$/);
  });
});
