import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../src/runtime/environment.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import type { ProviderName } from '../../../src/snapstore/provider-name.ts';
import { localDirectory } from '../../../src/snapstore/providers/local/local-path.ts';
import { openBucket, openStore, type StoreConfig } from '../../../src/snapstore/registry.ts';
import type { StoreRole } from '../../../src/snapstore/store-role.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

const CONFIG: StoreConfig = {
  provider: 'Local',
  container: undefined,
  prefix: '',
  endpointOverride: undefined,
  maxParallelChunkUploads: 5,
  minChunkSize: 5 * 1024 * 1024,
  role: 'primary',
};

function open(config: Partial<StoreConfig>) {
  return openStore({ ...CONFIG, ...config }, { log: new RecordedLog(), clock: jumpingClock(), environment: {} });
}

test('a provider other than Local needs a container', async () => {
  await assert.rejects(open({ provider: 'ABS' }), { code: 'container_missing' });
  await assert.rejects(open({ provider: 'ABS', container: '' }), { code: 'container_missing' });
});

test('a provider without credentials says so', async () => {
  await assert.rejects(open({ provider: 'ABS', container: 'backups' }), { code: 'credentials_absent' });
});

test('local directories: absolute as they are, others below the home directory, default.bkp when none is given', async () => {
  assert.equal(localDirectory('/var/backup/', { HOME: '/home/me' }), '/var/backup');
  assert.equal(localDirectory('etcd/backup', { HOME: '/home/me' }), '/home/me/etcd/backup');
  assert.equal(localDirectory('', { HOME: '/home/me' }), '/home/me/default.bkp');
  assert.equal(localDirectory(undefined, { HOME: '/home/me' }), '/home/me/default.bkp');
  assert.equal((await open({ prefix: 'etcd-main' })).location, join(homedir(), 'default.bkp/etcd-main'));
});

test('opening and listing a local store makes nothing', async () => {
  using directory = makeTempDir();
  await using store = await open({ container: directory.join('backups') });
  const { snapshots } = await store.list({ signal: new AbortController().signal });
  assert.deepEqual(snapshots, []);
  assert.deepEqual(readdirSync(directory.path), []);
});

const roles: Readonly<Record<StoreRole, string>> = { primary: '', source: 'SOURCE_', secondary: 'SECONDARY_' };

/** Providers whose credentials are files, the beginning of their variables, and a field that they need. */
const inFiles = [
  ['S3', 'AWS', 'region'],
  ['ABS', 'AZURE', 'storageAccount'],
  ['Swift', 'OPENSTACK', 'authURL'],
  ['OSS', 'ALICLOUD', 'accessKeyID'],
  ['OCS', 'OPENSHIFT', 'accessKeyID'],
] as const satisfies readonly (readonly [ProviderName, string, string])[];

/** The failure that opening the provider gives. */
async function failure(provider: ProviderName, role: StoreRole, environment: Environment): Promise<Failure> {
  const config: StoreConfig = { ...CONFIG, provider, role, container: 'backups' };
  const outcome = await openBucket(config, { log: new RecordedLog(), clock: jumpingClock(), environment }).then(
    () => assert.fail(`${provider} opened`),
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof Failure, String(outcome));
  return outcome;
}

for (const [role, prefix] of Object.entries(roles) as [StoreRole, string][]) {
  describe(`credentials of the ${role} store`, () => {
    for (const [provider, variable] of [
      ['ABS', 'AZURE_APPLICATION_CREDENTIALS'],
      ['Swift', 'OPENSTACK_APPLICATION_CREDENTIALS'],
      ['OSS', 'ALICLOUD_APPLICATION_CREDENTIALS'],
      ['OCS', 'OPENSHIFT_APPLICATION_CREDENTIALS'],
      ['ECS', 'ECS_ENDPOINT'],
    ] as const) {
      test(`none for ${provider}: the variable is named`, async () => {
        const { code, message } = await failure(provider, role, {});
        assert.equal(code, 'credentials_absent');
        assert.ok(message.includes(prefix + variable), message);
      });
    }

    for (const [provider, stem, field] of inFiles) {
      const variable = `${prefix}${stem}_APPLICATION_CREDENTIALS`;

      // The SDK of S3 looks for others then.
      if (provider !== 'S3') {
        test(`a file for ${provider} that is not there is named`, async () => {
          const environment = { [`${variable}_JSON`]: '/nowhere/credentials.json' };
          const { code, message } = await failure(provider, role, environment);
          assert.equal(code, 'credentials_unreadable');
          assert.ok(message.includes('/nowhere/credentials.json'), message);
        });
      }

      for (const form of ['file', 'directory'] as const) {
        test(`a ${form} for ${provider} with the wrong fields: what is missing is named, and no value`, async () => {
          using dir = makeTempDir();
          const path = dir.join('credentials.json');
          writeFileSync(path, JSON.stringify({ somethingElse: 'hush-hush', endpoint: 'hush-hush' }));
          const environment = form === 'file' ? { [`${variable}_JSON`]: path } : { [variable]: dir.path };
          const { message } = await failure(provider, role, environment);
          assert.ok(message.includes(path), message);
          assert.ok(message.includes(`"${field}"`), message);
          assert.ok(!message.includes('hush'), message);
        });
      }
    }
  });
}

test('a copy does not read its source with the credentials of its target', async () => {
  const { code, message } = await failure('GCS', 'source', { GOOGLE_APPLICATION_CREDENTIALS: '/var/gcs.json' });
  assert.equal(code, 'credentials_absent');
  assert.ok(message.includes('SOURCE_GOOGLE_APPLICATION_CREDENTIALS'), message);
});

test('ECS with one of its two keys', async () => {
  const { code, message } = await failure('ECS', 'source', {
    SOURCE_ECS_ENDPOINT: 'https://ecs.invalid',
    SOURCE_ECS_ACCESS_KEY_ID: 'hush-hush',
  });
  assert.equal(code, 'credentials_incomplete');
  assert.ok(message.includes('ECS_SECRET_ACCESS_KEY'), message);
  assert.ok(!message.includes('hush'), message);
});

for (const [what, token, code] of [
  ['that is not there', undefined, 'credentials_unreadable'],
  ['that is empty', '\n', 'credentials_incomplete'],
] as const) {
  test(`a role for S3 with a token file ${what}`, async () => {
    using dir = makeTempDir();
    if (token !== undefined) {
      writeFileSync(dir.join('token'), token);
    }
    writeFileSync(dir.join('aws.json'), JSON.stringify({ region: 'r', roleARN: 'arn', tokenPath: dir.join('token') }));
    const failed = await failure('S3', 'primary', { AWS_APPLICATION_CREDENTIALS_JSON: dir.join('aws.json') });
    assert.equal(failed.code, code);
    assert.ok(failed.message.includes(`${dir.join('token')}, the token for roleARN`), failed.message);
  });
}

describe('a secret that would travel in clear', () => {
  const sse = { sseCustomerKey: 'hush-hush-hush-hush-hush-hush-32', sseCustomerAlgorithm: 'AES256' };
  const keys = { region: 'r', accessKeyID: 'id', secretAccessKey: 'hush-hush' };
  const login = { tenantName: 't', domainName: 'd', username: 'u', password: 'hush-hush' };
  const application = { applicationCredentialID: 'i', applicationCredentialSecret: 'hush-hush' };
  for (const [provider, stem, fields, secret] of [
    ['S3', 'AWS', { ...keys, ...sse, endpoint: 'http://store.example' }, /"endpoint" of .*the customer key/],
    [
      'S3',
      'AWS',
      { region: 'r', roleARN: 'a', tokenPath: '/t', endpoint: 'http://store.example' },
      /the session token/,
    ],
    ['Swift', 'OPENSTACK', { ...login, authURL: 'http://keystone.example/v3' }, /authURL of .*the password/],
    [
      'Swift',
      'OPENSTACK',
      { ...application, authURL: 'http://10.0.0.1:5000' },
      /the secret of the application credential/,
    ],
  ] as const) {
    test(`to ${provider} is refused: ${secret.source}`, async () => {
      using dir = makeTempDir();
      const path = dir.join('credentials.json');
      writeFileSync(path, JSON.stringify(fields));
      const { code, message } = await failure(provider, 'primary', { [`${stem}_APPLICATION_CREDENTIALS_JSON`]: path });
      assert.equal(code, 'endpoint_invalid');
      assert.match(message, secret);
      assert.match(message, /in clear; write https:\/\/$/);
      assert.doesNotMatch(message, /hush/);
    });
  }
});
