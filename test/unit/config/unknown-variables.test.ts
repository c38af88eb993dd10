import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyOption } from '../../../src/config/every-option.ts';
import { unknownStoreVariables } from '../../../src/config/unknown-variables.ts';
import { credentialVariables } from '../../../src/snapstore/credentials/credential-variables.ts';
import { ecsSchema } from '../../../src/snapstore/credentials/ecs.ts';
import { openStackVariables } from '../../../src/snapstore/credentials/openstack.ts';

const warned = (...names: readonly string[]): readonly string[] =>
  unknownStoreVariables(Object.fromEntries(names.map((name) => [name, 'hunter2'])), everyOption());

describe('variables of a store that are misspelt', () => {
  const typos: readonly ((name: string) => string)[] = [
    (name) => name.slice(0, -1),
    (name) => `${name}S`,
    (name) => name.replace(/(.)(.)$/, '$2$1'),
    (name) => name.slice(0, 5) + name.slice(6),
    (name) => name.toLowerCase(),
  ];
  for (const known of credentialVariables) {
    it(`are named with what is meant: ${known}`, () => {
      for (const typo of typos.map((change) => change(known)).filter((name) => !credentialVariables.includes(name))) {
        const [sentence = 'nothing', ...more] = warned(typo, known);
        assert.deepEqual(more, []);
        assert.ok(sentence.startsWith(`Environment variable ${typo} is none of a store and is ignored; did you mean `));
        assert.doesNotMatch(sentence, /hunter2/);
      }
    });
  }

  it('are named with the nearest one', () => {
    for (const [name, meant] of [
      ['AWS_APPLICATION_CREDENTIAL', 'AWS_APPLICATION_CREDENTIALS'],
      ['AWS_APPLICATIONS_CREDENTIALS', 'AWS_APPLICATION_CREDENTIALS'],
      ['AWS_APPLICATION_CREDENTIALS_JSN', 'AWS_APPLICATION_CREDENTIALS_JSON'],
      ['GOOGLE_APPLICATION_CREDENTIALS_JSON', 'GOOGLE_APPLICATION_CREDENTIALS'],
      ['AZURE_APPLICATON_CREDENTIALS', 'AZURE_APPLICATION_CREDENTIALS'],
      ['SECONDRY_AWS_APPLICATION_CREDENTIALS', 'SECONDARY_AWS_APPLICATION_CREDENTIALS'],
      ['SOURCE_GOOGLE_APPLICATION_CREDENTIAL', 'SOURCE_GOOGLE_APPLICATION_CREDENTIALS'],
      ['ECS_ENDPONT', 'ECS_ENDPOINT'],
      ['OS_PASWORD', 'OS_PASSWORD'],
      ['OS_USER_NAME', 'OS_USERNAME'],
      ['AWS_ACCES_KEY_ID', 'AWS_ACCESS_KEY_ID'],
      ['STORAGE_CONTANER', 'STORAGE_CONTAINER'],
      ['SOURCE_STORAGE_CONTANER', 'SOURCE_STORAGE_CONTAINER'],
    ] as const) {
      assert.deepEqual(warned(name), [
        `Environment variable ${name} is none of a store and is ignored; did you mean ${meant}?`,
      ]);
    }
  });

  it('are not seen in what other programs use', () => {
    const others = [
      ...['AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CA_BUNDLE'],
      ...['AWS_ENDPOINT_URL', 'AWS_EC2_METADATA_DISABLED', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONFIG_FILE'],
      ...['ECS_CONTAINER_METADATA_URI', 'ECS_CONTAINER_METADATA_URI_V4', 'GOOGLE_CLOUD_PROJECT', 'GCE_METADATA_HOST'],
      ...['OS_PROJECT_ID', 'OS_TENANT_ID', 'OS_USER_DOMAIN_ID', 'OS_PROJECT_DOMAIN_ID', 'OS_IDENTITY_API_VERSION'],
      ...['OS_AUTH_TYPE', 'OS_INTERFACE', 'OS_TOKEN', 'OS_CACERT', 'OS_USER_ID', 'PATH', 'HOME', 'POD_NAME', 'X'],
      ...['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE', 'ALIBABA_CLOUD_ROLE_ARN'],
    ];
    assert.deepEqual(warned(...others), []);
  });

  it('are compared with all that credentials are read from', () => {
    for (const name of [...openStackVariables, ...Object.keys(ecsSchema.shape)]) {
      for (const prefix of ['', 'SOURCE_', 'SECONDARY_']) {
        assert.ok(credentialVariables.includes(prefix + name), name);
      }
    }
  });
});
