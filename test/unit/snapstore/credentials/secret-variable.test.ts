import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { ecsCredentials } from '../../../../src/snapstore/credentials/ecs.ts';
import { openStackCredentials } from '../../../../src/snapstore/credentials/openstack.ts';
import { secretVariable } from '../../../../src/snapstore/credentials/secret-variable.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';

describe('a secret in a file that a variable names', () => {
  it('is what the file holds, without line ends', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('s'), '\ufeffhunter2 \r\n');
    assert.equal(await secretVariable({ X_FILE: dir.join('s') }, 'X'), 'hunter2 ');
    assert.equal(await secretVariable({ X: 'given', X_FILE: '' }, 'X'), 'given');
    assert.equal(await secretVariable({}, 'X'), undefined);
  });

  it('is refused without being shown', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('empty'), '\n');
    writeFileSync(dir.join('lines'), 'hunter2\nhunter2');
    for (const [environment, code] of [
      [{ X: 'hunter2', X_FILE: dir.join('empty') }, 'credentials_invalid'],
      [{ X_FILE: dir.join('empty') }, 'credentials_incomplete'],
      [{ X_FILE: dir.join('lines') }, 'credentials_invalid'],
      [{ X_FILE: dir.join('none') }, 'credentials_unreadable'],
      [{ X_FILE: dir.path }, 'credentials_unreadable'],
      [{ X_FILE: 'hunter2' }, 'credentials_unreadable'],
    ] as const) {
      await assert.rejects(
        secretVariable(environment, 'X'),
        (error: Error & { code?: string }) => error.code === code && !error.message.includes('hunter2'),
      );
    }
  });

  it('serves ECS and Swift', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('s'), 'hunter2\n');
    const ecs = { ECS_ENDPOINT: 'e', ECS_ACCESS_KEY_ID: 'i', ECS_SECRET_ACCESS_KEY_FILE: dir.join('s') };
    const { fields: keys } = await ecsCredentials({ role: 'primary', environment: ecs }).read();
    assert.equal(keys.ECS_SECRET_ACCESS_KEY, 'hunter2');
    const source = {
      SOURCE_OS_AUTH_URL: 'https://k',
      SOURCE_OS_USERNAME: 'u',
      SOURCE_OS_TENANT_NAME: 't',
      SOURCE_OS_DOMAIN_NAME: 'd',
      SOURCE_OS_PASSWORD_FILE: dir.join('s'),
    };
    const { fields } = await openStackCredentials({ role: 'source', environment: source, log: quietLogger }).read();
    assert.ok(fields.identity.kind === 'password' && fields.identity.password === 'hunter2');
  });

  it('may be rotated', async () => {
    using dir = makeTempDir();
    const file = dir.join('s');
    const own = { OS_AUTH_URL: 'https://k', OS_USERNAME: 'u', OS_TENANT_NAME: 't', OS_DOMAIN_NAME: 'd' };
    const application = { OS_AUTH_URL: 'https://k', OS_APPLICATION_CREDENTIAL_ID: 'i' };
    const keys = { ECS_ENDPOINT: 'e', ECS_ACCESS_KEY_ID: 'i', ECS_SECRET_ACCESS_KEY_FILE: file };
    for (const source of [
      ecsCredentials({ role: 'primary', environment: keys }),
      ...[
        { ...own, OS_PASSWORD_FILE: file },
        { ...application, OS_APPLICATION_CREDENTIAL_SECRET_FILE: file },
      ].map((environment) => openStackCredentials({ role: 'primary', environment, log: quietLogger })),
    ]) {
      writeFileSync(file, 'old-secret\n');
      const { state } = await source.read();
      assert.equal(await source.state(), state);
      writeFileSync(dir.join('new'), 'new-secret\n');
      renameSync(dir.join('new'), file);
      assert.notEqual(await source.state(), state);
      const { fields, state: later } = await source.read();
      assert.equal(await source.state(), later);
      assert.match(JSON.stringify(fields), /new-secret/);
    }
  });
});
