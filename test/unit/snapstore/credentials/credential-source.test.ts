import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { Environment } from '../../../../src/runtime/environment.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { booleanField, together } from '../../../../src/snapstore/credentials/credential-fields.ts';
import { findCredentials, requireCredentials } from '../../../../src/snapstore/credentials/credential-source.ts';

const schema = z
  .object({
    accessKeyID: z.string(),
    secretAccessKey: z.string(),
    region: z.enum(['north', 'south']).optional(),
    disableSSL: booleanField.optional(),
    customerKey: z.string().optional(),
    customerAlgorithm: z.string().optional(),
  })
  .superRefine(together('customerKey', 'customerAlgorithm'));

const secret = 'hush-hush-7f3a';
const complete = { accessKeyID: 'id', secretAccessKey: secret };

function sourceFrom(environment: Environment) {
  return requireCredentials({ stem: 'AWS', role: 'primary', environment, schema });
}

function writeFields(dir: string, fields: Readonly<Record<string, string>>): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, value] of Object.entries(fields)) {
    writeFileSync(join(dir, name), value);
  }
  return dir;
}

/** The failure's code and text; asserts that the secret is in neither it nor its causes. */
async function failureOf(reading: Promise<unknown>): Promise<Failure> {
  const error = await reading.then(
    () => assert.fail('the credentials were accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Failure);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    assert.ok(!`${cause.stack}`.includes(secret), 'the secret is in the error');
  }
  return error;
}

describe('where credentials are looked for', () => {
  it('a JSON file named by the _JSON variable', async () => {
    using dir = makeTempDir();
    const path = dir.join('creds');
    writeFileSync(path, JSON.stringify({ ...complete, unknown: 1 }));
    const { fields } = await sourceFrom({ AWS_APPLICATION_CREDENTIALS_JSON: path }).read();
    assert.deepEqual(fields, complete);
  });

  it('the _JSON variable wins over the other one', async () => {
    using dir = makeTempDir();
    const path = dir.join('creds');
    writeFileSync(path, JSON.stringify(complete));
    const other = writeFields(dir.join('fields'), { accessKeyID: 'other', secretAccessKey: 'other' });
    const environment = { AWS_APPLICATION_CREDENTIALS_JSON: path, AWS_APPLICATION_CREDENTIALS: other };
    assert.equal((await sourceFrom(environment).read()).fields.accessKeyID, 'id');
  });

  it('one file per field, without the newline at its end', async () => {
    using dir = makeTempDir();
    writeFields(dir.path, {
      accessKeyID: 'id\n',
      secretAccessKey: `${secret}\r\n`,
      disableSSL: 'true\n',
      region: '\n',
    });
    const { fields } = await sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path }).read();
    assert.deepEqual(fields, { ...complete, disableSSL: true });
  });

  it('blanks, a byte order mark and other things that nobody sees around a value do not count, those inside do', async () => {
    using dir = makeTempDir();
    writeFields(dir.path, { accessKeyID: '\ufeff i d\u00a0\u200b \t\r\n', secretAccessKey: secret, region: ' \n' });
    const { fields } = await sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path }).read();
    assert.equal(fields.accessKeyID, 'i d');
    assert.equal(fields.region, undefined);
  });

  it('control characters and invisible marks inside a value are refused, without the value', async () => {
    for (const character of ['\u0000', '\u001b', '\u0085', '\u200b', '\ufeff', '\u202e']) {
      using dir = makeTempDir();
      writeFields(dir.path, { accessKeyID: 'id', secretAccessKey: `hunt${character}er2` });
      await assert.rejects(sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path }).read(), (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.code, 'credentials_invalid');
        assert.match(error.message, /file "secretAccessKey" holds a character that cannot be seen, \\u[0-9a-f]{4}/);
        assert.doesNotMatch(error.message, /hunt|er2/);
        return true;
      });
    }
  });

  it('a JSON file may begin with a byte order mark', async () => {
    using dir = makeTempDir();
    const path = dir.join('aws.json');
    writeFileSync(path, `\ufeff${JSON.stringify(complete)}`);
    const { fields } = await sourceFrom({ AWS_APPLICATION_CREDENTIALS_JSON: path }).read();
    assert.equal(fields.accessKeyID, complete.accessKeyID);
  });

  for (const given of [
    '{"accessKeyID":"id","secretAccessKey":"hunter2"}',
    '"hunter2"',
    'hunter2',
    'key=hunter2',
    'root:hunter2@host',
    'wJalrXUtnFEMI/hunter2/bPxRfiCYEX',
    '-----BEGIN KEY-----\nhunter2\n-----END KEY-----\n',
    `${'hunter2/'.repeat(1_000)}x`,
  ]) {
    it(`credentials where a path is due are not shown: ${JSON.stringify(given.slice(0, 40))}`, async () => {
      for (const name of ['AWS_APPLICATION_CREDENTIALS', 'AWS_APPLICATION_CREDENTIALS_JSON']) {
        const reading = (async () => await sourceFrom({ [name]: given }).read())();
        await assert.rejects(reading, (error) => {
          assert.ok(error instanceof Failure);
          assert.equal(error.code, 'credentials_unreadable');
          assert.ok(error.message.includes(name));
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        });
      }
    });
  }

  it('a *.json file in the directory wins over field files', async () => {
    using dir = makeTempDir();
    writeFields(dir.path, { accessKeyID: 'file', secretAccessKey: 'file', 'aws.json': JSON.stringify(complete) });
    assert.equal((await sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path }).read()).fields.accessKeyID, 'id');
  });

  it('a JSON file named by the plain variable', async () => {
    using dir = makeTempDir();
    const path = dir.join('aws.txt');
    writeFileSync(path, JSON.stringify(complete));
    assert.deepEqual((await sourceFrom({ AWS_APPLICATION_CREDENTIALS: path }).read()).fields, complete);
  });

  it('each role has its own variables', async () => {
    using dir = makeTempDir();
    const environment = {
      AWS_APPLICATION_CREDENTIALS: writeFields(dir.join('p'), { accessKeyID: 'primary', secretAccessKey: 's' }),
      SOURCE_AWS_APPLICATION_CREDENTIALS: writeFields(dir.join('s'), { accessKeyID: 'source', secretAccessKey: 's' }),
      SECONDARY_AWS_APPLICATION_CREDENTIALS: writeFields(dir.join('x'), {
        accessKeyID: 'secondary',
        secretAccessKey: 's',
      }),
    };
    for (const role of ['primary', 'source', 'secondary'] as const) {
      const source = requireCredentials({ stem: 'AWS', role, environment, schema });
      assert.equal((await source.read()).fields.accessKeyID, role);
    }
  });

  it('nowhere: a source does not fall back to the variables of the primary', () => {
    const environment = { AWS_APPLICATION_CREDENTIALS: '/nowhere', SOURCE_AWS_APPLICATION_CREDENTIALS: '' };
    assert.equal(findCredentials({ stem: 'AWS', role: 'source', environment, schema }), undefined);
    assert.throws(() => requireCredentials({ stem: 'AWS', role: 'source', environment, schema }), {
      code: 'credentials_absent',
      message:
        'cannot use the credentials in SOURCE_AWS_APPLICATION_CREDENTIALS: the variable is not set; ' +
        'set it to the directory that holds them, or set SOURCE_AWS_APPLICATION_CREDENTIALS_JSON to a JSON file',
    });
  });

  it('JSON names of another case are taken, the exact one first', async () => {
    using dir = makeTempDir();
    const path = dir.join('creds');
    writeFileSync(path, JSON.stringify({ accesskeyid: 'loose', accessKeyID: 'id', SecretAccessKey: secret }));
    assert.deepEqual((await sourceFrom({ AWS_APPLICATION_CREDENTIALS_JSON: path }).read()).fields, complete);
  });
});

describe('credentials that are refused', () => {
  it('a file that is not there', async () => {
    using dir = makeTempDir();
    const path = dir.join('absent.json');
    for (const name of ['AWS_APPLICATION_CREDENTIALS_JSON', 'AWS_APPLICATION_CREDENTIALS']) {
      const failure = await failureOf(sourceFrom({ [name]: path }).read());
      assert.equal(failure.code, 'credentials_unreadable');
      assert.equal(failure.message, `cannot use the credentials in ${path}: it does not exist`);
    }
  });

  it('a directory where a field file is expected', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('accessKeyID'));
    const failure = await failureOf(sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path }).read());
    assert.equal(failure.code, 'credentials_unreadable');
    assert.match(failure.message, /\/accessKeyID: it is a directory where a file is expected$/);
  });

  for (const [what, text] of [
    ['broken JSON', `{"accessKeyID": "id", "secretAccessKey": ${secret}}`],
    ['a JSON array', JSON.stringify([secret])],
    ['a JSON text', JSON.stringify(secret)],
    ['null', 'null'],
    ['nothing', ''],
  ] as const) {
    it(`${what} instead of a JSON object`, async () => {
      using dir = makeTempDir();
      const path = dir.join('creds');
      writeFileSync(path, text);
      const failure = await failureOf(sourceFrom({ AWS_APPLICATION_CREDENTIALS_JSON: path }).read());
      assert.equal(failure.code, 'credentials_malformed');
      assert.ok(failure.message.includes(path));
    });
  }

  for (const { what, json, code, found } of [
    {
      what: 'a missing field',
      json: { accessKeyID: secret },
      code: 'incomplete',
      found: 'field "secretAccessKey" is missing',
    },
    {
      what: 'an empty field',
      json: { accessKeyID: '', secretAccessKey: secret },
      code: 'incomplete',
      found: 'field "accessKeyID" is missing',
    },
    {
      what: 'a half-set pair',
      json: { ...complete, customerKey: secret },
      code: 'incomplete',
      found: 'field "customerAlgorithm" is missing next to customerKey',
    },
    {
      what: 'a value of the wrong type',
      json: { accessKeyID: [secret], secretAccessKey: secret },
      code: 'invalid',
      found: 'field "accessKeyID" must be a string',
    },
    {
      what: 'a value that is not one of the known ones',
      json: { ...complete, region: secret },
      code: 'invalid',
      found: 'field "region" must be one of north, south',
    },
    {
      what: 'a flag that is neither true nor false',
      json: { ...complete, disableSSL: secret },
      code: 'invalid',
      found: 'field "disableSSL" must be true or false',
    },
  ]) {
    it(what, async () => {
      using dir = makeTempDir();
      const path = dir.join('creds');
      writeFileSync(path, JSON.stringify(json));
      const failure = await failureOf(sourceFrom({ AWS_APPLICATION_CREDENTIALS_JSON: path }).read());
      assert.equal(failure.code, `credentials_${code}`);
      assert.equal(failure.message, `cannot use the credentials in ${path}: ${found}`);
    });
  }

  it('an empty directory, naming every file that is missing', async () => {
    using dir = makeTempDir();
    const failure = await failureOf(sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path }).read());
    assert.equal(failure.code, 'credentials_incomplete');
    assert.ok(failure.message.endsWith('file "accessKeyID" is missing, file "secretAccessKey" is missing'));
  });
});

describe('rotation', () => {
  it('every change of a file changes the state, which comes with what was read', async () => {
    using dir = makeTempDir();
    writeFields(dir.path, complete);
    const source = sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path });
    const keepTime = (name: string): void => utimesSync(dir.join(name), 1_000, 1_000);
    Object.keys(complete).forEach(keepTime);
    let before = await source.state();
    assert.equal((await source.read()).state, before);
    const changes: Readonly<Record<string, () => void>> = {
      'written in place, with its time kept': () => {
        writeFileSync(dir.join('accessKeyID'), 'another');
        keepTime('accessKeyID');
      },
      'replaced by a file with the same time': () => {
        writeFileSync(dir.join('new'), 'other');
        keepTime('new');
        renameSync(dir.join('new'), dir.join('accessKeyID'));
      },
      'an older file comes back': () => utimesSync(dir.join('secretAccessKey'), 500, 500),
      'one more field': () => writeFileSync(dir.join('region'), 'north'),
    };
    for (const [title, change] of Object.entries(changes)) {
      change();
      const after = await source.state();
      assert.notEqual(after, before, title);
      assert.equal((await source.read()).state, after, title);
      before = after;
    }
    writeFileSync(dir.join('unrelated'), 'x');
    assert.equal(await source.state(), before);
  });

  it('a Kubernetes secret that is turned to new files is noticed and read anew', async () => {
    using dir = makeTempDir();
    const generation = (name: string, accessKeyID: string, time: number): void => {
      const files = writeFields(dir.join(name), { accessKeyID, secretAccessKey: secret });
      utimesSync(join(files, 'accessKeyID'), time, time);
      utimesSync(join(files, 'secretAccessKey'), time, time);
      symlinkSync(name, dir.join('..data_tmp'));
      renameSync(dir.join('..data_tmp'), dir.join('..data'));
    };
    generation('..2026_01', 'first', 1_000);
    for (const name of Object.keys(complete)) {
      symlinkSync(join('..data', name), dir.join(name));
    }
    const source = sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.path });
    const first = await source.read();
    assert.equal(first.fields.accessKeyID, 'first');
    assert.equal(first.state, await source.state());
    generation('..2026_02', 'second', 5_000);
    assert.notEqual(await source.state(), first.state);
    assert.equal((await source.read()).fields.accessKeyID, 'second');
  });

  it('a secret that vanished is an error, not an old secret', async () => {
    using dir = makeTempDir();
    const source = sourceFrom({ AWS_APPLICATION_CREDENTIALS: dir.join('gone') });
    assert.equal((await failureOf(source.state())).code, 'credentials_unreadable');
  });
});
