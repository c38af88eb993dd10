import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { env, getuid } from 'node:process';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { noRights, unlessRoot } from '../support/context/skip-reasons.ts';
import { programUnderTest } from './rig.ts';

/** A user without a name, a home directory or an entry in passwd, as containers run with. */
const nobody = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups'] as const;

function run(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const [command, ...rest] = [...nobody, ...programUnderTest, ...args];
  const { stdout, stderr, status } = spawnSync(command, rest, {
    cwd: '/',
    env: { PATH: env['PATH'], ...variables },
    encoding: 'utf8',
  });
  return { stdout, stderr, status };
}

function unableReason(): string | false {
  if (getuid?.() !== 0) {
    return unlessRoot;
  }
  const readable = spawnSync(nobody[0], [...nobody.slice(1), 'test', '-r', `${programUnderTest.at(-1)}`]).status === 0;
  return readable ? false : noRights('another user cannot read the program here');
}

describe('without HOME and an entry in passwd', { skip: unableReason() }, () => {
  it('an absolute local container is listed', () => {
    using directory = makeTempDir();
    chmodSync(directory.path, 0o755);
    const { status, stderr } = run(['list', '--store-container', directory.path]);
    assert.doesNotMatch(stderr, /HOME|homedir|passwd|error/);
    assert.equal(status, 0);
  });

  it('a relative local container has no place, and the message says what to give', () => {
    const { status, stderr } = run(['list', '--store-container', 'backups']);
    assert.equal(status, 1);
    assert.match(stderr, /"backups": .*HOME is not set.*give an absolute --store-container$/m);
    assert.doesNotMatch(stderr, /uv_os|passwd/);
  });

  it('S3 works with complete credentials', async () => {
    using directory = makeTempDir();
    chmodSync(directory.path, 0o755);
    const file = directory.join('keys.json');
    // Port 1 refuses connections: what is tried is the way up to there.
    const keys = { accessKeyID: 'k', secretAccessKey: 's', region: 'eu-west-1', endpoint: 'http://127.0.0.1:1' };
    writeFileSync(file, JSON.stringify(keys), { mode: 0o644 });
    const args = ['list', '--storage-provider', 'S3', '--store-container', 'backups'];
    const { status, stderr } = run(args, { AWS_APPLICATION_CREDENTIALS_JSON: file });
    assert.equal(status, 1);
    assert.match(stderr, /the connection is refused/);
    assert.doesNotMatch(stderr, /homedir|passwd/);
  });
});
