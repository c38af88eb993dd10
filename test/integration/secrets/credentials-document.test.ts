import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { alicloudSchema } from '../../../src/snapstore/credentials/alicloud.ts';
import { awsSchema } from '../../../src/snapstore/credentials/aws.ts';
import { azureSchema } from '../../../src/snapstore/credentials/azure.ts';
import { ecsSchema } from '../../../src/snapstore/credentials/ecs.ts';
import { externalAccount, serviceAccount } from '../../../src/snapstore/credentials/google.ts';
import { openShiftSchema } from '../../../src/snapstore/credentials/openshift.ts';
import {
  openStackFileVariables,
  openStackSchema,
  openStackVariables,
} from '../../../src/snapstore/credentials/openstack.ts';
import { providerNames } from '../../../src/snapstore/provider-name.ts';

/** What the page of a provider says of its credentials. */
function section(provider: string): string {
  const page = readFileSync(new URL(`../../../docs/providers/${provider.toLowerCase()}.md`, import.meta.url), 'utf8');
  return page.split('\n## Credentials\n')[1]?.split('\n## ')[0] ?? assert.fail(`no section about ${provider}`);
}

/** What each page answers, whatever the provider. */
const questions = ['Credentials', 'Rights', 'Immutability', 'Encryption'];

const schemas = {
  S3: awsSchema,
  ABS: azureSchema,
  Swift: openStackSchema,
  OSS: alicloudSchema,
  ECS: ecsSchema,
  OCS: openShiftSchema,
} as const;

const variables = {
  S3: 'AWS_APPLICATION_CREDENTIALS',
  GCS: 'GOOGLE_APPLICATION_CREDENTIALS',
  ABS: 'AZURE_APPLICATION_CREDENTIALS',
  Swift: 'OPENSTACK_APPLICATION_CREDENTIALS',
  OSS: 'ALICLOUD_APPLICATION_CREDENTIALS',
  OCS: 'OPENSHIFT_APPLICATION_CREDENTIALS',
  ECS: 'ECS_ENDPOINT',
} as const;

/** The rows of a table, by the first cell. */
function rows(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)].map(([, name = '', rest = '']) => [name, rest]));
}

describe('the pages of providers', () => {
  it('are one for each, in the list, and answer the same questions', () => {
    const list = readFileSync(new URL('../../../docs/providers/README.md', import.meta.url), 'utf8');
    for (const provider of providerNames) {
      assert.ok(list.includes(`| [${provider}](${provider.toLowerCase()}.md) `), provider);
      const page = readFileSync(
        new URL(`../../../docs/providers/${provider.toLowerCase()}.md`, import.meta.url),
        'utf8',
      );
      for (const question of questions) {
        assert.ok(page.includes(`\n## ${question}\n`), `${provider}: ${question}`);
      }
      for (const word of ['Endpoints', 'private CAs', 'orkload identity']) {
        assert.ok(page.includes(word), `${provider}: ${word}`);
      }
    }
  });

  for (const [provider, schema] of Object.entries(schemas)) {
    it(`has every field of ${provider}, and no other`, () => {
      const documented = [...rows(section(provider)).keys()].filter((name) => name !== 'OS_AUTH_URL');
      assert.deepEqual(documented.toSorted(), Object.keys(schema.shape).toSorted());
    });

    it(`says which fields of ${provider} are always needed`, () => {
      const needed = [...rows(section(provider))].filter(([, rest]) => /\| +yes +\||^ +yes +\|/.test(`|${rest}|`));
      const required = Object.entries(schema.shape).filter(([, field]) => !field.safeParse(undefined).success);
      assert.deepEqual(needed.map(([name]) => name).toSorted(), required.map(([name]) => name).toSorted());
    });
  }

  it('has every field of the files of Google', () => {
    for (const name of [...Object.keys(serviceAccount.shape), ...Object.keys(externalAccount.shape)]) {
      assert.ok(section('GCS').includes(`\`${name}\``), name);
    }
  });

  it('has every variable of OpenStack', () => {
    for (const name of [...openStackVariables, ...openStackFileVariables]) {
      assert.ok(section('Swift').includes(`\`${name}\``), name);
    }
  });

  it('has the variables of every provider, and an example that can be read', () => {
    for (const provider of providerNames.filter((name) => name !== 'Local')) {
      const text = section(provider);
      assert.ok(text.includes(variables[provider]), provider);
      assert.match(text, new RegExp(`check-store --storage-provider ${provider} `));
      const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => JSON.parse(json) as object);
      const schema = provider === 'GCS' ? undefined : schemas[provider];
      assert.ok(schema === undefined || provider === 'ECS' || examples.length > 0, provider);
      for (const example of examples) {
        assert.equal(schema?.safeParse(example).success, true, JSON.stringify(example));
        assert.deepEqual(
          Object.keys(example).filter((name) => !(name in (schema?.shape ?? {}))),
          [],
        );
      }
    }
  });
});
