import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { disguises, tell } from '../support/secrets/disguises.ts';
import { makeRig } from './rig.ts';

/** Every level of the log, each with lines of its own; what is given to an option goes to one of them in turn. */
const levels = ['error', 'warn', 'info', 'debug'];

/** Command lines, and variables, that a password goes astray into: refused ones and ones that get as far as a store or an etcd. */
const places: readonly ((secret: string) => {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
})[] = [
  (secret) => ({ args: ['snapshot', '--once', '--endpoints', secret, '--storage-provider=Local'] }),
  (secret) => ({ args: ['list', '--storage-provider=S3', '--store-container=b', '--store-endpoint-override', secret] }),
  (secret) => ({
    args: ['check-store', '--storage-provider=S3', '--store-container=b'],
    env: { AWS_APPLICATION_CREDENTIALS: secret, AWS_EC2_METADATA_DISABLED: 'true' },
  }),
  (secret) => ({
    args: ['list', '--storage-provider=ABS', '--store-container=b'],
    env: { AZURE_APPLICATION_CREDENTIALS_JSON: secret },
  }),
  (secret) => ({ args: ['list', secret, '--storage-provider=Local'], env: { ETCDBRCTL_ETCD_PASWORD: secret } }),
];

describe('a password that goes astray into the program as it is run', () => {
  for (const [at, [name, secret]] of Object.entries(disguises).entries()) {
    it(`is in nothing that it writes: ${name}`, async () => {
      await using rig = makeRig();
      const place = places[at % places.length] ?? assert.fail('there are places');
      const { args, env = {} } = place(secret);
      const level = ['--log-level', levels[at % levels.length] ?? 'debug'];
      const format = at % 2 === 0 ? ['--log-format', 'json'] : [];
      const { exitCode, stdout, stderr } = await rig.run([...args, ...level, ...format], { env });
      assert.notEqual(exitCode, 0, stdout + stderr);
      assert.doesNotMatch(stdout + stderr, tell);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }
});
