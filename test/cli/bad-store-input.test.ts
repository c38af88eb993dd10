import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { noRights } from '../support/context/skip-reasons.ts';
import { type Finished, makeRig, unprivileged } from './rig.ts';

const secret = 'hunter2hunter2';

/** What a user may get wrong about a store, and what the one line says. That a container is not there is the store's answer: see `faultSuite`. */
const cases: readonly {
  readonly what: string;
  readonly args: readonly string[];
  /** Variable that names the file with the credentials, and the file's content; left out, there is no such file. */
  readonly variable?: string;
  readonly content?: unknown;
  readonly says: RegExp;
}[] = [
  {
    what: 'an unknown provider',
    args: ['--storage-provider', 'Dropbox', '--store-container', 'b'],
    says: /--storage-provider: it is none of those; accepted: Local, S3, GCS, ABS, Swift, OSS, ECS or OCS$/,
  },
  { what: 'no container', args: ['--storage-provider', 'S3'], says: /--store-container: it is missing, and S3 has no/ },
  {
    what: 'no credentials',
    args: ['--storage-provider', 'ABS', '--store-container', 'b'],
    says: /AZURE_APPLICATION_CREDENTIALS: the variable is not set/,
  },
  {
    what: 'half-set credentials',
    args: ['--storage-provider', 'S3', '--store-container', 'b'],
    variable: 'AWS_APPLICATION_CREDENTIALS_JSON',
    content: { region: 'r', secretAccessKey: secret },
    says: /keys\.json: field "accessKeyID" is missing/,
  },
  {
    what: 'both kinds of credentials of Swift',
    args: ['--storage-provider', 'Swift', '--store-container', 'b'],
    variable: 'OPENSTACK_APPLICATION_CREDENTIALS_JSON',
    content: {
      authURL: 'https://keystone.invalid/v3',
      tenantName: 't',
      domainName: 'd',
      region: 'r',
      username: 'u',
      password: secret,
      applicationCredentialID: 'i',
      applicationCredentialName: 'n',
      applicationCredentialSecret: secret,
    },
    says: /keys\.json: field "username" excludes an application credential; keep one of both/,
  },
  {
    what: 'a file that is not there',
    args: ['--storage-provider', 'ABS', '--store-container', 'b'],
    variable: 'AZURE_APPLICATION_CREDENTIALS_JSON',
    says: /keys\.json: it does not exist$/,
  },
  {
    what: 'JSON of another shape',
    args: ['--storage-provider', 'OSS', '--store-container', 'b'],
    variable: 'ALICLOUD_APPLICATION_CREDENTIALS_JSON',
    content: [secret],
    says: /keys\.json: the file is not a JSON object with fields$/,
  },
  {
    what: 'an endpoint without scheme in the credentials',
    args: ['--storage-provider', 'S3', '--store-container', 'b'],
    variable: 'AWS_APPLICATION_CREDENTIALS_JSON',
    content: { region: 'r', accessKeyID: 'a', secretAccessKey: secret, endpoint: 'minio.invalid:9000' },
    says: /keys\.json: it is not a URL with a scheme; write it as https:/,
  },
  {
    what: 'http where the provider forbids it',
    args: ['--storage-provider', 'GCS', '--store-container', 'b'],
    variable: 'GOOGLE_APPLICATION_CREDENTIALS',
    content: {
      type: 'external_account',
      audience: 'a',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'http://sts.googleapis.com/v1/token',
      credential_source: { file: 'token' },
    },
    says: /keys\.json: .*token_url/,
  },
  { what: 'chunks below 5 MiB', args: ['--min-chunk-size', '5242879'], says: /"5242879": it is less than 5242880/ },
];

describe('a store that is named wrongly fails with one line', () => {
  for (const { what, args, variable, content, says } of cases) {
    it(what, async () => {
      await using rig = makeRig();
      if (content !== undefined) {
        writeFileSync(rig.home.join('keys.json'), JSON.stringify(content));
      }
      const env = variable === undefined ? {} : { [variable]: rig.home.join('keys.json') };
      assertOneLine(await rig.run(['check-store', ...args], { env }), says);
    });
  }
});

/** Forms of credentials that name a file; what is at `path` is made unreadable. */
const forms: readonly {
  readonly provider: string;
  readonly variable: string;
  readonly path: string;
  readonly directory?: string;
}[] = [
  { provider: 'S3', variable: 'AWS_APPLICATION_CREDENTIALS_JSON', path: 'keys.json' },
  { provider: 'GCS', variable: 'GOOGLE_APPLICATION_CREDENTIALS', path: 'keys.json' },
  { provider: 'ABS', variable: 'AZURE_APPLICATION_CREDENTIALS', path: 'fields/storageKey', directory: 'fields' },
  { provider: 'OCS', variable: 'OPENSHIFT_APPLICATION_CREDENTIALS', path: 'fields/keys.json', directory: 'fields' },
];

describe('credentials that cannot be read fail with one line', () => {
  const [setpriv, ...options] = unprivileged;
  const feelsPermissions =
    setpriv === undefined || spawnSync(setpriv, [...options, 'test', '-r', import.meta.filename]).status === 0;
  const skip = feelsPermissions ? false : noRights('root may read everything, and setpriv cannot change that here');
  for (const { provider, variable, path, directory } of forms) {
    const args = ['check-store', '--storage-provider', provider, '--store-container', 'b'];

    it(`${provider}: no permission to read ${path}`, { skip }, async () => {
      await using rig = makeRig();
      mkdirSync(rig.home.join('fields'));
      writeFileSync(rig.home.join('fields/storageAccount'), 'account');
      writeFileSync(rig.home.join(path), secret);
      chmodSync(rig.home.join(path), 0);
      const env = { [variable]: rig.home.join(directory ?? path) };
      const said = await rig.run(args, { env, privileges: 'none' });
      assertOneLine(said, new RegExp(`credentials in \\S+/${path}: permission to read it is denied$`));
    });

    it(`${provider}: a directory in place of ${path}`, async () => {
      await using rig = makeRig();
      mkdirSync(rig.home.join(path), { recursive: true });
      const env = { [variable]: rig.home.join(directory ?? path) };
      assertOneLine(await rig.run(args, { env }), /credentials in \S+: it is a directory where a file is expected$/);
    });
  }
});

function assertOneLine({ stdout, stderr, exitCode }: Finished, says: RegExp): void {
  assert.match(stderr, /^error: [^\n]+\n$/);
  assert.match(stderr.trimEnd(), says);
  assert.doesNotMatch(stderr, new RegExp(secret));
  assert.equal(stdout, '');
  assert.ok(exitCode === 1 || exitCode === 2, String(exitCode));
}
