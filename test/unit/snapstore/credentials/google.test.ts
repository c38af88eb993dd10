import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { googleCredentials } from '../../../../src/snapstore/credentials/google.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const account = {
  type: 'service_account',
  project_id: 'test-project',
  client_email: 'backup@test-project.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  private_key_id: '1',
};

interface Files {
  readonly json: unknown;
  readonly projectID?: string;
}

/** Reads credentials from `dir/gcs.json`, written from `json`, which may name the directory. */
async function read({ json, projectID }: { json: (dir: string) => unknown; projectID?: string }): Promise<unknown> {
  await using dir = makeTempDir();
  const files: Files = { json: json(dir.path), ...(projectID === undefined ? {} : { projectID }) };
  await writeFile(dir.join('gcs.json'), JSON.stringify(files.json));
  await writeFile(dir.join('token'), 'a subject token');
  if (files.projectID !== undefined) {
    await writeFile(dir.join('projectID'), files.projectID);
  }
  const environment = { GOOGLE_APPLICATION_CREDENTIALS: dir.join('gcs.json') };
  const source = googleCredentials({ role: 'primary', environment });
  return (await source?.read())?.fields.identity;
}

function external(dir: string): Record<string, unknown> {
  return {
    type: 'external_account',
    universe_domain: 'googleapis.com',
    audience: '//iam.googleapis.com/x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    service_account_impersonation_url:
      'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.c:generateAccessToken',
    credential_source: { file: `${dir}/token`, format: { type: 'text' } },
  };
}

describe('credentials of Google', () => {
  it('are not looked for where no variable names them', () => {
    assert.equal(googleCredentials({ role: 'secondary', environment: {} }), undefined);
  });

  it('may be a service account', async () => {
    assert.deepEqual(await read({ json: () => account }), account);
  });

  it('may be an external account with its token and project next to it', async () => {
    await using dir = makeTempDir();
    const identity = await read({ json: external, projectID: 'test-project\n' });
    assert.equal((identity as { type: string }).type, external(dir.path)['type']);
  });

  const refused: readonly (readonly [string, (dir: string) => unknown, RegExp])[] = [
    ['another type', () => ({ ...account, type: 'authorized_user' }), /"type" must be service_account or/],
    ['no type', () => ({}), /"type" must be/],
    ['a foreign field', () => ({ ...account, quota_project_id: 'x' }), /"quota_project_id" is not allowed/],
    ['a project that cannot be', () => ({ ...account, project_id: 'No!' }), /"project_id" must be the ID/],
    ['no key', () => ({ ...account, private_key: undefined }), /"private_key" is missing/],
    ['a key that is none', () => ({ ...account, private_key: 'hush' }), /"private_key" must be a private key/],
    ['a token service elsewhere', (dir) => ({ ...external(dir), token_url: 'https://evil.test' }), /"token_url" must/],
    [
      'impersonation elsewhere',
      (dir) => ({ ...external(dir), service_account_impersonation_url: 'https://evil.test/hush' }),
      /"service_account_impersonation_url" must/,
    ],
    ['another kind of token', (dir) => ({ ...external(dir), subject_token_type: 'x' }), /"subject_token_type" must/],
    [
      'a token from another file',
      (dir) => ({ ...external(dir), credential_source: { file: '/etc/passwd', format: { type: 'text' } } }),
      /"credential_source" must name the file .*token/,
    ],
    [
      'a token from a URL',
      (dir) => ({ ...external(dir), credential_source: { url: 'https://evil.test' } }),
      /"credential_source"/,
    ],
  ];
  for (const [what, json, message] of refused) {
    it(`are refused: ${what}`, async () => {
      await assert.rejects(read({ json, projectID: 'test-project' }), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      });
    });
  }

  it('are refused for an external account without a project', async () => {
    await assert.rejects(read({ json: external }), { code: 'credentials_incomplete', message: /projectID/ });
    await assert.rejects(read({ json: external, projectID: 'X' }), { code: 'credentials_invalid' });
  });
});
