import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { alicloudCredentials } from '../../../../src/snapstore/credentials/alicloud.ts';
import { awsCredentials } from '../../../../src/snapstore/credentials/aws.ts';
import { azureCredentials } from '../../../../src/snapstore/credentials/azure.ts';
import { openShiftCredentials } from '../../../../src/snapstore/credentials/openshift.ts';
import { openStackCredentials } from '../../../../src/snapstore/credentials/openstack.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

const keys = { accessKeyID: 'AKID', secretAccessKey: 'hunter2', region: 'r' };
const password = { authURL: 'https://k', username: 'u', password: 'hunter2', tenantName: 't', domainName: 'd' };

/** A provider, its variables, fields of which one is misspelt, the one that is meant, and whether it is needed. */
const cases = [
  [awsCredentials, 'AWS', { ...keys, secretAccessKey: undefined, secretAcessKey: 'hunter2' }, 'secretAccessKey', true],
  [awsCredentials, 'AWS', { ...keys, endpont: 'https://hunter2' }, 'endpoint', false],
  [awsCredentials, 'AWS', { ...keys, s3ForcePathStlye: 'hunter2' }, 's3ForcePathStyle', false],
  [azureCredentials, 'AZURE', { storageAccount: 'a', storagKey: 'hunter2' }, 'storageKey', true],
  [azureCredentials, 'AZURE', { storageAccount: 'a', storageKey: 'a2V5', domian: 'hunter2' }, 'domain', false],
  [
    alicloudCredentials,
    'ALICLOUD',
    { storageEndpoint: 'e', accessKeyId: 'i', accesKeySecret: 'hunter2' },
    'accessKeySecret',
    true,
  ],
  [openShiftCredentials, 'OPENSHIFT', { ...keys, endpoit: 'https://hunter2' }, 'endpoint', true],
  [openShiftCredentials, 'OPENSHIFT', { ...keys, endpoint: 'https://e', disableSLS: 'hunter2' }, 'disableSSL', false],
  [openStackCredentials, 'OPENSTACK', { ...password, password: undefined, pasword: 'hunter2' }, 'password', true],
  [openStackCredentials, 'OPENSTACK', { ...password, regoin: 'hunter2' }, 'region', false],
] as const;

describe('misspelt fields of credentials', () => {
  for (const [find, stem, fields, meant, needed] of cases) {
    for (const form of ['JSON', 'files'] as const) {
      it(`are named with what is meant: ${meant} of ${stem}, as ${form}`, async () => {
        using dir = makeTempDir();
        const path = dir.join('secret');
        const given = Object.entries(fields).filter(([, value]) => value !== undefined);
        const misspelt = given.at(-1)?.[0];
        if (form === 'JSON') {
          writeFileSync(path, JSON.stringify(fields));
        } else {
          mkdirSync(path);
          for (const [name, value] of given) {
            writeFileSync(dir.join(`secret/${name === 'accessKeyId' ? 'accessKeyID' : name}`), `${value}`);
          }
        }
        const log = new RecordedLog();
        const source = find({ role: 'primary', environment: { [`${stem}_APPLICATION_CREDENTIALS`]: path }, log });
        const reading = async (): Promise<unknown> => await source?.read();
        if (needed) {
          await assert.rejects(reading, (error: Error) => {
            assert.match(error.message, new RegExp(`"${meant}" is missing.* \\(is "${misspelt}" meant for it\\?\\)`));
            assert.doesNotMatch(error.message, /hunter2/);
            return true;
          });
          return;
        }
        await reading();
        await reading();
        const said = `In ${path}: "${misspelt}" is none of the fields of credentials; did you mean "${meant}"?`;
        assert.deepEqual(log.texts, [said]);
      });
    }
  }

  it('are not seen in what others keep in the same secret', async () => {
    using dir = makeTempDir();
    const log = new RecordedLog();
    const others = { bucketName: 'b', aws_access_key_id: 'x', tokens: 'x', comment: 'x', regional_endpoint: 'x' };
    writeFileSync(dir.join('aws.json'), JSON.stringify({ ...keys, token: 'x', ...others }));
    await awsCredentials({ role: 'primary', environment: { AWS_APPLICATION_CREDENTIALS: dir.path }, log })?.read();
    assert.deepEqual(log.lines, []);
  });
});
