import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { makeRig } from '../../../cli/rig.ts';
import { startS3Server } from '../../../support/servers/s3-server.ts';

const execute = promisify(execFile);

/** Keeps the SDK from asking for a role of this machine. */
const NO_MACHINE = { AWS_EC2_METADATA_DISABLED: 'true' };

describe('S3 without credentials of its own', () => {
  const flags = ['--storage-provider', 'S3', '--store-container', 'backups'];

  for (const [title, env, found] of [
    ['nothing', {}, /role of this machine the region is missing/],
    [
      'no region',
      { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 'SK' },
      /role of this machine the region is missing/,
    ],
    ['no keys', { AWS_REGION: 'eu-central-1' }, /role of this machine no credentials were found/],
  ] as const) {
    it(`is refused at once, and the variables are named: ${title}`, async () => {
      await using rig = makeRig();
      const begun = performance.now();
      const { exitCode, stderr } = await rig.run(['check-store', ...flags], { env: { ...NO_MACHINE, ...env } });
      assert.equal(exitCode, 1);
      assert.match(stderr, found);
      assert.match(stderr, /AWS_APPLICATION_CREDENTIALS.*AWS_REGION with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/s);
      assert.doesNotMatch(stderr, /Region is missing|providers/);
      const json = await rig.run(['list', ...flags, '--log-format', 'json'], { env: { ...NO_MACHINE, ...env } });
      assert.match(json.stderr, /credentials_absent/);
      assert.ok(performance.now() - begun < 20_000);
    });
  }
});

describe('keys in ~/.aws/credentials', () => {
  it('that were changed are used after a denial, without a restart', async () => {
    using home = makeTempDir();
    await using server = await startS3Server({ admits: ({ accessKeyID }) => accessKeyID === 'NEW' });
    mkdirSync(home.join('.aws'));
    const write = (key: string): void => {
      const file = home.join('.aws/credentials');
      writeFileSync(file, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`);
      utimesSync(file, 1_700_000_000, 1_700_000_000);
    };
    write('OLD');
    // The SDK looks for its files once a process: this one has its own home.
    const program = `
      import { writeFileSync } from 'node:fs';
      import { RotatingBucket } from '${projectRoot}src/snapstore/decorators/rotating-bucket.ts';
      import { directNetwork } from '${projectRoot}src/snapstore/http/store-network.ts';
      import { compatibleService } from '${projectRoot}src/snapstore/providers/s3/compatible-service.ts';
      import { S3Bucket } from '${projectRoot}src/snapstore/providers/s3/s3-bucket.ts';
      import { jumpingClock } from '${projectRoot}test/support/clock/jumping-clock.ts';
      import { quietLogger } from '${projectRoot}test/support/context/quiet-logger.ts';
      const clock = jumpingClock();
      const { signal } = new AbortController();
      const place = { bucket: 'backups', region: 'test', endpoint: '${server.endpoint}', origin: 'the test' };
      const settings = { ...compatibleService({ ...place, accessKeyID: '', secretAccessKey: '' }), identity: { kind: 'default chain' } };
      const open = async () => ({ bucket: new S3Bucket(settings, { clock, network: directNetwork }), state: '' });
      const bucket = await RotatingBucket.open({ state: async () => '', open }, { log: quietLogger, clock });
      const keyOf = () => bucket.delete('x', { signal }).then(() => 'admitted', (error) => error.kind);
      console.log(await keyOf());
      writeFileSync(process.env.HOME + '/.aws/credentials', '[default]\\naws_access_key_id = NEW\\naws_secret_access_key = secret\\n');
      clock.advance(10_000);
      console.log(await keyOf());
      await bucket[Symbol.asyncDispose]();
    `;
    const env = { ...NO_MACHINE, HOME: home.path, PATH: process.env['PATH'] ?? '', AWS_REGION: 'test' };
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], { env });
    assert.equal(stdout.split('\n')[0], 'denied');
    assert.equal(stdout.split('\n')[1], 'not_found');
  });
});
