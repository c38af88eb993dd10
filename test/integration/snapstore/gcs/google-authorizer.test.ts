import assert from 'node:assert/strict';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { after, before, beforeEach, suite, test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { type GoogleIdentity, googleCredentials } from '../../../../src/snapstore/credentials/google.ts';
import {
  AuthorizationFailed,
  type Authorizer,
  createAuthorizer,
} from '../../../../src/snapstore/providers/gcs/google-authorizer.ts';
import { type GcsServer, startGcsServer } from '../../../support/servers/gcs-server.ts';

let server: GcsServer;
let dir: TempDir;

before(async () => {
  server = await startGcsServer();
  dir = makeTempDir();
});

after(async () => {
  await server[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

beforeEach(() => {
  server.fault(() => undefined);
});

/** The authorizer for an identity, with the loopback server in the place of Google's token services. */
function authorizerOf(identity: GoogleIdentity, asked: string[] = []): Authorizer {
  return createAuthorizer(identity, {
    fetch: async (input, init) => {
      asked.push(String(input));
      return await fetch(`${server.endpoint}/token`, init);
    },
  });
}

async function identityIn(path: string): Promise<GoogleIdentity> {
  const source = googleCredentials({ role: 'primary', environment: { GOOGLE_APPLICATION_CREDENTIALS: path } });
  assert.ok(source);
  return (await source.read()).fields.identity;
}

async function serviceAccount(): Promise<GoogleIdentity> {
  const path = dir.join('account.json');
  await writeFile(path, JSON.stringify(server.tokens.serviceAccount()));
  return await identityIn(path);
}

async function externalAccount(token: string): Promise<GoogleIdentity> {
  const folder = dir.join('external');
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/token`, token);
  await writeFile(`${folder}/projectID`, 'test-project');
  await writeFile(
    `${folder}/config.json`,
    JSON.stringify({
      type: 'external_account',
      universe_domain: 'googleapis.com',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: `${folder}/token`, format: { type: 'text' } },
    }),
  );
  return await identityIn(`${folder}/config.json`);
}

suite('who asks', () => {
  test('a service account signs for its tokens and keeps them', async () => {
    const asked: string[] = [];
    const authorizer = authorizerOf(await serviceAccount(), asked);
    const { authorization } = await authorizer.headers();
    server.tokens.check(authorization);
    assert.deepEqual(await authorizer.headers(), { authorization });
    assert.deepEqual(asked, ['https://oauth2.googleapis.com/token']);
    authorizer.renew();
    assert.notEqual((await authorizer.headers())['authorization'], authorization);
  });

  test('an external account exchanges the token in its file, which may be rotated', async () => {
    const authorizer = authorizerOf(await externalAccount(server.tokens.subjectToken));
    server.tokens.check((await authorizer.headers())['authorization']);
    await writeFile(dir.join('external', 'token'), 'a newer token');
    server.tokens.subjectToken = 'a newer token';
    authorizer.renew();
    server.tokens.check((await authorizer.headers())['authorization']);
  });

  test('a refusal names its status and no secret', async () => {
    const authorizer = authorizerOf(await externalAccount('a wrong token'));
    await assert.rejects(authorizer.headers(), (error: unknown) => {
      assert.ok(error instanceof AuthorizationFailed);
      assert.equal(error.status, 400);
      assert.doesNotMatch(error.message, /a wrong token/);
      return true;
    });
  });

  test('a token service that is not well is asked again', async () => {
    server.fault(({ count }) => (count % 2 === 1 ? { kind: 'status', status: 503 } : undefined));
    const authorizer = authorizerOf(await serviceAccount());
    server.tokens.check((await authorizer.headers())['authorization']);
  });
});

suite('rotation', () => {
  test('a new token file, project or endpoint is noticed', async () => {
    await externalAccount('token');
    const path = dir.join('external', 'config.json');
    const source = googleCredentials({ role: 'source', environment: { SOURCE_GOOGLE_APPLICATION_CREDENTIALS: path } });
    assert.ok(source);
    const far = Math.ceil(Date.now() / 1000) + 1000;
    let before = await source.state();
    for (const [later, file] of ['token', 'projectID', 'config.json', 'storageAPIEndpoint'].entries()) {
      if (file === 'storageAPIEndpoint') {
        await writeFile(dir.join('external', file), 'https://storage.example.org/storage/v1/\n');
      }
      await utimes(dir.join('external', file), far + later, far + later);
      const after = await source.state();
      assert.notEqual(after, before, file);
      before = after;
    }
    const { fields, state } = await source.read();
    assert.equal(fields.storageAPIEndpoint, 'https://storage.example.org/storage/v1/');
    assert.equal(state, await source.state());
  });
});
