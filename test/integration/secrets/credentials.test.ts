import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../src/runtime/environment.ts';
import { errorText } from '../../../src/runtime/log/error-text.ts';
import { alicloudSchema } from '../../../src/snapstore/credentials/alicloud.ts';
import { awsSchema } from '../../../src/snapstore/credentials/aws.ts';
import { azureSchema } from '../../../src/snapstore/credentials/azure.ts';
import { ecsSchema } from '../../../src/snapstore/credentials/ecs.ts';
import { serviceAccount } from '../../../src/snapstore/credentials/google.ts';
import { openShiftSchema } from '../../../src/snapstore/credentials/openshift.ts';
import { openStackSchema } from '../../../src/snapstore/credentials/openstack.ts';
import type { ProviderName } from '../../../src/snapstore/provider-name.ts';
import { openBucket } from '../../../src/snapstore/registry.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { disguises, tell } from '../../support/secrets/disguises.ts';

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const closed = 'http://127.0.0.1:1';

/** Credentials that can be used, by provider. */
const complete = {
  S3: {
    stem: 'AWS',
    schema: awsSchema,
    fields: { region: 'r', accessKeyID: 'i', secretAccessKey: 's', endpoint: closed },
  },
  ABS: {
    stem: 'AZURE',
    schema: azureSchema,
    fields: { storageAccount: 'a', storageKey: 'a2V5', domain: '127.0.0.1:1' },
  },
  OSS: {
    stem: 'ALICLOUD',
    schema: alicloudSchema,
    fields: { storageEndpoint: closed, accessKeyID: 'i', accessKeySecret: 's' },
  },
  OCS: {
    stem: 'OPENSHIFT',
    schema: openShiftSchema,
    fields: { endpoint: closed, region: 'r', accessKeyID: 'i', secretAccessKey: 's' },
  },
  Swift: {
    stem: 'OPENSTACK',
    schema: openStackSchema,
    fields: { authURL: closed, tenantName: 't', domainName: 'd', username: 'u', password: 'p' },
  },
} as const;

/** What is said when a store is opened and listed: message, causes and log. */
async function saidBy(provider: ProviderName, environment: Environment): Promise<string> {
  const log = new RecordedLog();
  const config = {
    provider,
    role: 'primary',
    container: 'backups',
    prefix: '',
    endpointOverride: undefined,
    maxParallelChunkUploads: 5,
    minChunkSize: 5 * 1024 * 1024,
  } as const;
  const outcome = await openBucket(config, { log, clock: jumpingClock(), environment }).then(
    async ({ bucket }) => await bucket[Symbol.asyncDispose](),
    (error: unknown) => error,
  );
  const stack = outcome instanceof Error ? `${errorText(outcome)}\n${outcome.stack}\n${outcome.cause}` : '';
  return [stack, ...log.lines.map(({ text, fields }) => `${text} ${JSON.stringify(fields)}`)].join('\n');
}

describe('a password in the wrong credential', () => {
  for (const [provider, { stem, schema, fields }] of Object.entries(complete)) {
    it(`is not shown: any field of ${provider}, in JSON and in files`, async () => {
      for (const name of Object.keys(schema.shape)) {
        for (const [form, disguise] of Object.entries(disguises)) {
          using dir = makeTempDir();
          const given = { ...fields, [name]: disguise };
          const json = dir.join('c.json');
          writeFileSync(json, JSON.stringify(given));
          mkdirSync(dir.join('fields'));
          for (const [field, value] of Object.entries(given)) {
            writeFileSync(dir.join('fields', field), value);
          }
          for (const environment of [
            { [`${stem}_APPLICATION_CREDENTIALS_JSON`]: json },
            { [`${stem}_APPLICATION_CREDENTIALS`]: dir.join('fields') },
          ]) {
            const said = await saidBy(provider as ProviderName, environment);
            assert.doesNotMatch(said, tell, `${provider} ${name} as ${form}`);
          }
        }
      }
    });

    it(`is not shown: the variables of ${provider}, and what a file holds`, async () => {
      for (const [form, disguise] of Object.entries(disguises)) {
        using dir = makeTempDir();
        writeFileSync(dir.join('c.json'), disguise);
        for (const environment of [
          { [`${stem}_APPLICATION_CREDENTIALS_JSON`]: disguise },
          { [`${stem}_APPLICATION_CREDENTIALS`]: disguise },
          { [`${stem}_APPLICATION_CREDENTIALS_JSON`]: dir.join('c.json') },
        ]) {
          assert.doesNotMatch(await saidBy(provider as ProviderName, environment), tell, `${provider} as ${form}`);
        }
      }
    });
  }

  it('is not shown: any variable of ECS and of Swift', async () => {
    const ecs = { ECS_ENDPOINT: closed, ECS_ACCESS_KEY_ID: 'i', ECS_SECRET_ACCESS_KEY: 's' };
    const openStack = {
      OS_AUTH_URL: closed,
      OS_USERNAME: 'u',
      OS_PASSWORD: 'p',
      OS_TENANT_NAME: 't',
      OS_DOMAIN_NAME: 'd',
    };
    for (const [form, disguise] of Object.entries(disguises)) {
      for (const name of Object.keys(ecsSchema.shape)) {
        assert.doesNotMatch(await saidBy('ECS', { ...ecs, [name]: disguise }), tell, `${name} as ${form}`);
      }
      for (const name of [...Object.keys(openStack), 'OS_REGION_NAME', 'OS_APPLICATION_CREDENTIAL_SECRET']) {
        assert.doesNotMatch(await saidBy('Swift', { ...openStack, [name]: disguise }), tell, `${name} as ${form}`);
      }
      for (const name of ['OCS_DISABLE_SSL', 'OCS_INSECURE_SKIP_VERIFY']) {
        const environment = { OPENSHIFT_APPLICATION_CREDENTIALS: '/nowhere', [name]: disguise };
        assert.doesNotMatch(await saidBy('OCS', environment), tell, `${name} as ${form}`);
      }
    }
  });

  it('is not shown: any field of a service account, and the variable', async () => {
    const account = { type: 'service_account', project_id: 'test-project', client_email: 'a@b', private_key: key };
    for (const [form, disguise] of Object.entries(disguises)) {
      using dir = makeTempDir();
      const path = dir.join('gcs.json');
      for (const name of [...Object.keys(serviceAccount.shape), 'quota project hunter2']) {
        writeFileSync(path, JSON.stringify({ ...account, [name]: disguise }));
        const said = await saidBy('GCS', { GOOGLE_APPLICATION_CREDENTIALS: path });
        assert.doesNotMatch(said, tell, `${name} as ${form}`);
      }
      writeFileSync(path, JSON.stringify(account));
      writeFileSync(dir.join('storageAPIEndpoint'), disguise);
      assert.doesNotMatch(await saidBy('GCS', { GOOGLE_APPLICATION_CREDENTIALS: path }), tell, `endpoint as ${form}`);
      assert.doesNotMatch(await saidBy('GCS', { GOOGLE_APPLICATION_CREDENTIALS: disguise }), tell, form);
    }
  });
});
