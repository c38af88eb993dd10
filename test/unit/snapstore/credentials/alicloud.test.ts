import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { alicloudCredentials } from '../../../../src/snapstore/credentials/alicloud.ts';

const fields = { storageEndpoint: 'oss-cn-test.aliyuncs.com', accessKeyID: 'id', accessKeySecret: 'a secret' };

test('a JSON file and a directory of field files give the same', async () => {
  await using dir = makeTempDir();
  await writeFile(dir.join('oss.json'), JSON.stringify({ ...fields, bucketName: 'ignored' }));
  await mkdir(dir.join('fields'));
  for (const [name, value] of Object.entries(fields)) {
    await writeFile(dir.join('fields', name), `${value}\n`);
  }
  for (const environment of [
    { SOURCE_ALICLOUD_APPLICATION_CREDENTIALS_JSON: dir.join('oss.json') },
    { SOURCE_ALICLOUD_APPLICATION_CREDENTIALS: dir.join('fields') },
  ]) {
    const source = alicloudCredentials({ role: 'source', environment });
    assert.deepEqual((await source.read()).fields, fields);
  }
});

test('half-set credentials name what is missing and no secret', async () => {
  await using dir = makeTempDir();
  await writeFile(dir.join('oss.json'), JSON.stringify({ ...fields, accessKeyID: undefined }));
  const environment = { ALICLOUD_APPLICATION_CREDENTIALS_JSON: dir.join('oss.json') };
  await assert.rejects(alicloudCredentials({ role: 'primary', environment }).read(), (error: Error) => {
    assert.match(error.message, /oss\.json: field "accessKeyID" is missing/);
    assert.doesNotMatch(error.message, /a secret/);
    return true;
  });
  assert.throws(() => alicloudCredentials({ role: 'secondary', environment }), { code: 'credentials_absent' });
});
