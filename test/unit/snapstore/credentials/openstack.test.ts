import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../../src/runtime/environment.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { type OpenStackCredentials, openStackCredentials } from '../../../../src/snapstore/credentials/openstack.ts';
import type { StoreRole } from '../../../../src/snapstore/store-role.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

const secret = 'hush-hush-7f3a';
const place = { authURL: 'https://keystone.example/v3', tenantName: 'backups', domainName: 'example' };
const password = { username: 'bob', password: secret };
const application = {
  applicationCredentialID: 'a1',
  applicationCredentialName: 'backup',
  applicationCredentialSecret: secret,
};
const identity = { kind: 'password', ...password, tenantName: 'backups', domainName: 'example' };

async function readFile(
  fields: Readonly<Record<string, string>>,
  environment: Environment = {},
): Promise<OpenStackCredentials> {
  using dir = makeTempDir();
  for (const [name, value] of Object.entries(fields)) {
    writeFileSync(dir.join(name), `${value}\n`);
  }
  const source = openStackCredentials({
    role: 'primary',
    environment: { OPENSTACK_APPLICATION_CREDENTIALS: dir.path, ...environment },
    log: quietLogger,
  });
  return (await source.read()).fields;
}

async function readVariables(environment: Environment, role: StoreRole = 'primary'): Promise<OpenStackCredentials> {
  return (await openStackCredentials({ role, environment, log: quietLogger }).read()).fields;
}

async function refused(reading: Promise<unknown>, code: string): Promise<string> {
  const error = await reading.then(
    () => assert.fail('the credentials were accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Failure);
  assert.equal(error.code, `credentials_${code}`, error.message);
  assert.ok(!error.message.includes(secret));
  return error.message;
}

describe('credentials of OpenStack in files', () => {
  it('user name and password', async () => {
    assert.deepEqual(await readFile({ ...place, ...password, region: 'north' }), {
      authURL: place.authURL,
      region: 'north',
      identity,
    });
  });

  it('an application credential', async () => {
    assert.deepEqual(await readFile({ ...place, ...application }), {
      authURL: place.authURL,
      region: undefined,
      identity: { kind: 'application_credential', id: 'a1', secret },
    });
  });

  it('the region may be given in OS_REGION_NAME', async () => {
    const environment = { OS_REGION_NAME: 'south' };
    assert.equal((await readFile({ ...place, ...password }, environment)).region, 'south');
    assert.equal((await readFile({ ...place, ...password, region: 'north' }, environment)).region, 'north');
  });

  it('both kinds at once are refused', async () => {
    const found = await refused(readFile({ ...place, ...password, ...application }), 'invalid');
    assert.match(found, /file "username" excludes an application credential/);
  });

  for (const [what, fields, missing] of [
    ['neither kind', place, ['username', 'password']],
    ['no password', { ...place, username: 'bob' }, ['password']],
    ['no user name', { ...place, password: secret }, ['username']],
    ['no project and domain', { authURL: place.authURL, ...password }, ['tenantName', 'domainName']],
    ['no secret', { ...place, applicationCredentialID: 'a1' }, ['applicationCredentialSecret']],
    ['no id', { ...place, applicationCredentialSecret: secret }, ['applicationCredentialID']],
  ] as const) {
    it(`${what}: refused`, async () => {
      const found = await refused(readFile(fields), 'incomplete');
      assert.ok(found.endsWith(missing.map((name) => `file "${name}" is missing`).join(', ')), found);
    });
  }

  for (const [authURL, why] of [
    ['keystone.example', /it is not a URL with a scheme/],
    ['ftp://keystone.example', /its scheme is not http or https/],
    [`http://admin:${secret}@keystone.example/v3`, /it holds more than scheme, host, port and path/],
    [`admin:${secret}@keystone.example/v3`, /it is not a URL with a scheme/],
  ] as const) {
    it(`a Keystone at ${authURL.replace(secret, '…')} is refused, wherever it is written`, async () => {
      for (const reading of [
        () => readFile({ ...place, ...password, authURL }),
        () =>
          readVariables({
            OS_AUTH_URL: authURL,
            OS_USERNAME: 'u',
            OS_PASSWORD: secret,
            OS_TENANT_NAME: 't',
            OS_DOMAIN_NAME: 'd',
          }),
      ]) {
        await assert.rejects(reading(), (error) => {
          assert.ok(error instanceof Failure);
          assert.equal(error.code, 'endpoint_invalid');
          assert.match(error.message, why);
          assert.match(error.message, /authURL|OS_AUTH_URL/);
          assert.doesNotMatch(error.message, new RegExp(secret));
          return true;
        });
      }
    });
  }
});

describe('credentials of OpenStack in variables', () => {
  const variables = (prefix: string, username: string): Environment => ({
    [`${prefix}AUTH_URL`]: place.authURL,
    [`${prefix}USERNAME`]: username,
    [`${prefix}PASSWORD`]: secret,
    [`${prefix}PROJECT_NAME`]: 'backups',
    [`${prefix}USER_DOMAIN_NAME`]: 'example',
    [`${prefix}REGION_NAME`]: 'north',
  });

  it("the names of OpenStack's own tools, newer and older", async () => {
    const expected = { authURL: place.authURL, region: 'north', identity };
    assert.deepEqual(await readVariables(variables('OS_', 'bob')), expected);
    const { OS_PROJECT_NAME: _project, OS_USER_DOMAIN_NAME: _domain, ...rest } = variables('OS_', 'bob');
    assert.deepEqual(await readVariables({ ...rest, OS_TENANT_NAME: 'backups', OS_DOMAIN_NAME: 'example' }), expected);
  });

  it('an application credential', async () => {
    const { identity: found } = await readVariables({
      OS_AUTH_URL: place.authURL,
      OS_APPLICATION_CREDENTIAL_ID: 'a1',
      OS_APPLICATION_CREDENTIAL_SECRET: secret,
    });
    assert.deepEqual(found, { kind: 'application_credential', id: 'a1', secret });
  });

  it('files win over variables, and cannot be rotated when there are none', async () => {
    const environment = variables('OS_', 'variable');
    const { identity: found } = await readFile({ ...place, ...password }, environment);
    assert.deepEqual(found, identity);
    assert.equal(await openStackCredentials({ role: 'primary', environment, log: quietLogger }).state(), '');
  });

  it('a source has its own; a secondary store its own or those of the primary', async () => {
    const primary = variables('OS_', 'primary');
    const nameOf = async (environment: Environment, role: StoreRole): Promise<string> => {
      const { identity: found } = await readVariables(environment, role);
      return found.kind === 'password' ? found.username : '';
    };
    assert.equal(await nameOf({ ...primary, ...variables('SOURCE_OS_', 'source') }, 'source'), 'source');
    assert.equal(await nameOf({ ...primary, ...variables('SECONDARY_OS_', 'second') }, 'secondary'), 'second');
    assert.equal(await nameOf(primary, 'secondary'), 'primary');
    const found = await refused((async () => await readVariables(primary, 'source'))(), 'absent');
    assert.match(found, /neither SOURCE_OPENSTACK_APPLICATION_CREDENTIALS nor SOURCE_OS_AUTH_URL is set/);
  });

  it('variables are used where nothing is at the path in the other variable, with a warning', async () => {
    using dir = makeTempDir();
    const log = new RecordedLog();
    const path = dir.join('etcd-backup');
    for (const [prefix, role] of [
      ['', 'primary'],
      ['SOURCE_', 'source'],
      ['SECONDARY_', 'secondary'],
    ] as const) {
      const environment = {
        [`${prefix}OPENSTACK_APPLICATION_CREDENTIALS`]: path,
        ...variables(`${prefix}OS_`, 'variable'),
      };
      const source = openStackCredentials({ role, environment, log });
      const { identity: found } = (await source.read()).fields;
      assert.ok(found.kind === 'password' && found.username === 'variable');
      assert.equal(log.lines.length, 1);
      assert.equal(log.lines[0]?.level, 'warn');
      assert.equal(
        log.lines.splice(0)[0]?.text,
        `Nothing is at the path in ${prefix}OPENSTACK_APPLICATION_CREDENTIALS=${path}: the variables ${prefix}OS_* are used`,
      );
    }
    const alone = { OPENSTACK_APPLICATION_CREDENTIALS: path };
    const found = await refused(
      openStackCredentials({ role: 'primary', environment: alone, log }).read(),
      'unreadable',
    );
    assert.match(found, /it does not exist/);
  });

  it('what is missing is named as a variable', async () => {
    const found = await refused(readVariables({ ...variables('OS_', 'bob'), OS_PASSWORD: '' }), 'incomplete');
    assert.ok(found.endsWith('variable "OS_PASSWORD" is missing'), found);
  });
});
