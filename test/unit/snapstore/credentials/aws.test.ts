import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { rootCertificates } from 'node:tls';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../../src/runtime/environment.ts';
import { awsCredentials } from '../../../../src/snapstore/credentials/aws.ts';
import { ecsCredentials } from '../../../../src/snapstore/credentials/ecs.ts';
import { openShiftCredentials } from '../../../../src/snapstore/credentials/openshift.ts';
import type { StoreRole } from '../../../../src/snapstore/store-role.ts';

const KEYS = { region: 'eu-west-1', accessKeyID: 'AKID', secretAccessKey: 'hush' };

async function read(fields: Readonly<Record<string, unknown>>): Promise<unknown> {
  using dir = makeTempDir();
  const path = dir.join('aws.json');
  writeFileSync(path, JSON.stringify(fields));
  const source = awsCredentials({ role: 'primary', environment: { AWS_APPLICATION_CREDENTIALS_JSON: path } });
  return (await source?.read())?.fields;
}

describe('credentials of AWS', () => {
  it('an access key, and how the endpoint wants to be talked to', async () => {
    assert.deepEqual(await read(KEYS), KEYS);
    const settings = {
      ...KEYS,
      endpoint: 'https://s3.example',
      s3ForcePathStyle: true,
      insecureSkipVerify: 'false',
      requestChecksumCalculation: 'WHEN_Required',
      sseCustomerKey: 'k',
      sseCustomerAlgorithm: 'AES256',
    };
    assert.deepEqual(await read({ ...settings, bucketName: 'ignored' }), {
      ...settings,
      insecureSkipVerify: false,
      requestChecksumCalculation: 'when_required',
    });
  });

  it('certificates of authorities, one or several', async () => {
    const pem = rootCertificates.slice(0, 2).join('\r\n');
    const fields = { ...KEYS, trustedCaCert: `# both\n${pem}\n` };
    assert.deepEqual(await read(fields), fields);
  });

  it('a role with a token, from JSON and from field files', async () => {
    const role = { region: 'eu-west-1', roleARN: 'arn:aws:iam::1:role/x' };
    assert.deepEqual(await read({ ...role, tokenPath: '/token' }), { ...role, tokenPath: '/token' });
    using dir = makeTempDir();
    mkdirSync(dir.join('fields'));
    for (const [name, value] of Object.entries({ ...role, token: 'hush' })) {
      writeFileSync(dir.join('fields', name), `${value}\n`);
    }
    const environment = { SOURCE_AWS_APPLICATION_CREDENTIALS: dir.join('fields') };
    const source = awsCredentials({ role: 'source', environment });
    assert.deepEqual((await source?.read())?.fields, { ...role, tokenPath: dir.join('fields/token') });
  });

  it('none at all: the chain of the SDK decides', () => {
    assert.equal(awsCredentials({ role: 'primary', environment: {} }), undefined);
    const environment = { AWS_APPLICATION_CREDENTIALS: '/primary' };
    assert.equal(awsCredentials({ role: 'secondary', environment }), undefined);
  });

  for (const [what, fields, found] of [
    ['half a key', { ...KEYS, secretAccessKey: '' }, '"secretAccessKey" is missing next to accessKeyID'],
    ['the other half', { ...KEYS, accessKeyID: '' }, '"accessKeyID" is missing next to secretAccessKey'],
    ['neither key nor role', { region: 'x' }, '"accessKeyID" is missing, and so is roleARN'],
    ['a role without a token', { region: 'x', roleARN: 'r' }, '"tokenPath" is missing next to roleARN'],
    ['a token without a role', { region: 'x', tokenPath: 't' }, '"roleARN" is missing next to the token'],
    ['a token that cannot be renewed', { region: 'x', roleARN: 'r', token: 'hush' }, 'as "tokenPath"'],
    ['no region', { ...KEYS, region: '' }, '"region" is missing'],
    ['half of SSE-C', { ...KEYS, sseCustomerKey: 'hush' }, '"sseCustomerAlgorithm" is missing next to sseCustomerKey'],
    [
      'an unknown checksum mode',
      { ...KEYS, responseChecksumValidation: 'hush' },
      'must be when_supported or when_required',
    ],
    ['an authority that is no PEM', { ...KEYS, trustedCaCert: 'hush' }, 'must be one or several certificates in PEM'],
    [
      'an authority that is damaged',
      { ...KEYS, trustedCaCert: '-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n' },
      'must be one or several certificates in PEM',
    ],
    ['a flag that is none', { ...KEYS, s3ForcePathStyle: 'hush' }, '"s3ForcePathStyle" must be true or false'],
  ] as const) {
    it(`${what} is refused`, async () => {
      await assert.rejects(read(fields), (error: Error & { code?: string }) => {
        assert.match(error.code ?? '', /^credentials_(incomplete|invalid)$/);
        assert.ok(error.message.includes(found), error.message);
        return !error.message.includes('hush');
      });
    });
  }
});

describe('credentials of ECS', () => {
  const complete = { ECS_ENDPOINT: 'ecs.example', ECS_ACCESS_KEY_ID: 'AKID', ECS_SECRET_ACCESS_KEY: 'hush' };

  const read = async (role: StoreRole, environment: Environment): Promise<unknown> =>
    (await ecsCredentials({ role, environment }).read()).fields;

  it('come from the environment, with the prefix of the role', async () => {
    assert.deepEqual(await read('primary', complete), complete);
    const environment = Object.fromEntries(
      Object.entries(complete).map(([name, value]) => [`SECONDARY_${name}`, value]),
    );
    const switched = { ...environment, SECONDARY_ECS_DISABLE_SSL: 'true', ECS_INSECURE_SKIP_VERIFY: 'true' };
    assert.deepEqual(await read('secondary', switched), {
      ...complete,
      ECS_DISABLE_SSL: true,
    });
  });

  it('are refused when absent, half set or wrong', async () => {
    await assert.rejects(read('primary', {}), { code: 'credentials_absent' });
    const half = { ...complete, ECS_SECRET_ACCESS_KEY: '' };
    await assert.rejects(read('primary', half), /"ECS_SECRET_ACCESS_KEY" is missing/);
    const wrong = { ...complete, ECS_DISABLE_SSL: 'maybe' };
    await assert.rejects(read('primary', wrong), /"ECS_DISABLE_SSL" must be true or false/);
  });
});

describe('credentials of OpenShift', () => {
  const complete = { endpoint: 'https://ocs.example', region: 'r', accessKeyID: 'AKID', secretAccessKey: 'hush' };

  it('count before the switches in the environment', async () => {
    using dir = makeTempDir();
    const path = dir.join('ocs.json');
    const readWith = async (fields: object, environment: Readonly<Record<string, string>>) => {
      writeFileSync(path, JSON.stringify(fields));
      const all = { OPENSHIFT_APPLICATION_CREDENTIALS: path, ...environment };
      return (await openShiftCredentials({ role: 'primary', environment: all }).read()).fields;
    };
    assert.equal((await readWith(complete, {})).disableSSL, undefined);
    assert.equal((await readWith(complete, { OCS_DISABLE_SSL: 'true' })).disableSSL, true);
    assert.equal((await readWith({ ...complete, disableSSL: false }, { OCS_DISABLE_SSL: 'true' })).disableSSL, false);
    await assert.rejects(readWith({ ...complete, region: '' }, {}), /"region" is missing/);
  });

  it('are required', () => {
    assert.throws(() => openShiftCredentials({ role: 'primary', environment: {} }), { code: 'credentials_absent' });
  });
});
