import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../../src/runtime/environment.ts';
import { type AwsCredentials, awsCredentials } from '../../../../src/snapstore/credentials/aws.ts';
import { OptionalCredentials } from '../../../../src/snapstore/credentials/optional-credentials.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

const fields = { region: 'r', accessKeyID: 'AKID', secretAccessKey: 'hush-hush' };
const name = 'AWS_APPLICATION_CREDENTIALS';

function optional(environment: Environment, log = new RecordedLog()): OptionalCredentials<AwsCredentials> {
  const source = awsCredentials({ role: 'primary', environment });
  return new OptionalCredentials(source, { variable: name, instead: 'others are looked for', log });
}

describe('credentials that a store can do without', () => {
  for (const [form, variable] of [
    ['a directory', name],
    ['a file', `${name}_JSON`],
  ] as const) {
    it(`are not there: ${form} that does not exist is warned of once, and used when it appears`, async () => {
      using dir = makeTempDir();
      const log = new RecordedLog();
      const path = dir.join('etcd-backup');
      const credentials = optional({ [variable]: path }, log);
      assert.equal(await credentials.read(), undefined);
      const state = await credentials.state();
      assert.equal(await credentials.read(), undefined);
      assert.deepEqual(log.texts, [`Nothing is at the path in ${variable}=${path}: others are looked for`]);
      if (variable === name) {
        mkdirSync(path);
      }
      writeFileSync(variable === name ? dir.join('etcd-backup/aws.json') : path, JSON.stringify(fields));
      assert.notEqual(await credentials.state(), state);
      assert.deepEqual((await credentials.read())?.fields, fields);
      assert.equal(log.lines.length, 1);
    });
  }

  it('are not there: no variable is set, which is nothing to warn of', async () => {
    const log = new RecordedLog();
    const credentials = optional({}, log);
    assert.equal(await credentials.read(), undefined);
    assert.equal(await credentials.state(), '');
    assert.equal(credentials.lacking, `${name} is not set`);
    assert.deepEqual(log.lines, []);
  });

  it('were there: what has vanished is a fault, so that those in use stay in use', async () => {
    using dir = makeTempDir();
    const path = dir.join('aws.json');
    writeFileSync(path, JSON.stringify(fields));
    const credentials = optional({ [name]: path });
    await credentials.read();
    rmSync(path);
    await assert.rejects(credentials.state(), { code: 'credentials_unreadable' });
    await assert.rejects(credentials.read(), { code: 'credentials_unreadable' });
  });

  it('are there and wrong: they are refused, whatever else may be found', async () => {
    using dir = makeTempDir();
    await assert.rejects(optional({ [name]: dir.path }).read(), { code: 'credentials_incomplete' });
    writeFileSync(dir.join('aws.json'), '{');
    await assert.rejects(optional({ [name]: dir.join('aws.json') }).read(), { code: 'credentials_malformed' });
    await assert.rejects(optional({ [name]: dir.join('aws.json/deeper') }).read(), { code: 'credentials_unreadable' });
    // One of two variables is a mistake then.
    const both = { [`${name}_JSON`]: dir.join('none.json'), [name]: dir.path };
    await assert.rejects(optional(both).read(), { code: 'credentials_unreadable' });
  });

  it('are written into the variable itself: they are not shown', async () => {
    const log = new RecordedLog();
    for (const secret of ['hush-hush', 'key=hush-hush', 'wJalr/hush-hush']) {
      const credentials = optional({ [name]: secret }, log);
      assert.equal(await credentials.read(), undefined);
      assert.doesNotMatch(`${JSON.stringify(log.lines)} ${credentials.lacking}`, /hush/);
    }
    assert.equal(log.lines.length, 3);
  });
});
