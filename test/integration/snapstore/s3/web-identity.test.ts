import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../../../../scripts/lab/compile-cache.ts';
import { run } from '../../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { type Finished, makeRig } from '../../../cli/rig.ts';
import { type S3Server, startS3Server } from '../../../support/servers/s3-server.ts';
import { type StsServer, startStsServer, stsRole } from '../../../support/servers/sts-server.ts';
import type { StoreChildReport, StoreChildTask } from '../../../support/stores/store-child.ts';

const script = fileURLToPath(new URL('../../../support/stores/store-child.ts', import.meta.url));

const REGION = 'eu-central-1';
/** Less than the five minutes before the end in which the SDK asks for new keys with every request. */
const SHORT = 120_000;

/** The whole life of a snapshot in a process of its own, which ends by itself. What came of it. */
async function use(
  role: StoreChildTask['config']['role'],
  env: Readonly<Record<string, string>>,
  { s3, sts }: { readonly s3: S3Server; readonly sts: StsServer },
): Promise<string> {
  const task: StoreChildTask = {
    use: 'everything',
    config: {
      provider: 'S3',
      container: s3.bucket,
      prefix: 'etcd',
      endpointOverride: s3.endpoint,
      maxParallelChunkUploads: 3,
      minChunkSize: 5 * 1024 * 1024,
      role,
    },
  };
  const child = run(process.execPath, [script, JSON.stringify(task)], {
    env: { ...compileCache, ...env, AWS_ENDPOINT_URL_STS: sts.endpoint },
  });
  return (JSON.parse((await child).stdout) as StoreChildReport).outcome;
}

describe('a role of S3 with a web identity token', () => {
  it('is taken again with the token that the file holds then', async () => {
    using dir = makeTempDir();
    const tokenPath = dir.join('token');
    writeFileSync(tokenPath, 'token-0\n');
    await using sts = await startStsServer({
      token: 'token-0',
      lifetimeMs: SHORT,
      onIssued: (server, count) => {
        server.token = `token-${count}`;
        writeFileSync(tokenPath, `${server.token}\n`);
      },
    });
    // Parts travel side by side, each with keys of its own age.
    const known = new Set<string>();
    await using s3 = await startS3Server({
      admits: (caller) => {
        if (sts.admits(caller)) {
          known.add(caller.accessKeyID);
        }
        return known.has(caller.accessKeyID);
      },
    });
    const fields = { region: REGION, roleARN: stsRole, tokenPath, s3ForcePathStyle: true };
    writeFileSync(dir.join('aws.json'), JSON.stringify(fields));

    const outcome = await use('source', { SOURCE_AWS_APPLICATION_CREDENTIALS_JSON: dir.join('aws.json') }, { s3, sts });

    assert.equal(outcome, 'ok');
    assert.ok(sts.requests.length > 3, `${sts.requests.length} requests`);
    assert.deepEqual(
      sts.requests,
      sts.requests.map((_, count) => ({ token: `token-${count}`, role: stsRole, session: 'etcdbrctl' })),
    );
  });

  it('is taken once while its keys are good, from a directory of field files', async () => {
    using dir = makeTempDir();
    await using sts = await startStsServer({ token: 'the token', lifetimeMs: 3_600_000 });
    await using s3 = await startS3Server({ admits: (caller) => sts.admits(caller) });
    mkdirSync(dir.join('fields'));
    const fields = { region: REGION, roleARN: stsRole, token: 'the token', s3ForcePathStyle: 'true' };
    for (const [name, value] of Object.entries(fields)) {
      writeFileSync(dir.join(`fields/${name}`), `${value}\n`);
    }

    const outcome = await use('secondary', { SECONDARY_AWS_APPLICATION_CREDENTIALS: dir.join('fields') }, { s3, sts });

    assert.equal(outcome, 'ok');
    assert.equal(sts.requests.length, 1);
  });

  it('stays taken while its keys are good and the token service is away', async () => {
    using dir = makeTempDir();
    const tokenPath = dir.join('token');
    writeFileSync(tokenPath, 'the token');
    await using sts = await startStsServer({ token: 'the token', lifetimeMs: SHORT });
    sts.fault(({ count }) => (count === 1 ? undefined : { kind: 'status', status: 503 }));
    await using s3 = await startS3Server({ admits: (caller) => sts.admits(caller) });
    const fields = { region: REGION, roleARN: stsRole, tokenPath, s3ForcePathStyle: true };
    writeFileSync(dir.join('aws.json'), JSON.stringify(fields));

    const outcome = await use('primary', { AWS_APPLICATION_CREDENTIALS: dir.join('aws.json') }, { s3, sts });

    assert.equal(outcome, 'ok');
    assert.ok((sts.calls.get('AssumeRoleWithWebIdentity') ?? 0) > 3);
  });

  describe('that is refused', () => {
    const check = async (token: string, fields: Readonly<Record<string, string>>): Promise<Finished> => {
      await using rig = makeRig();
      const tokenPath = rig.home.join('token');
      writeFileSync(tokenPath, token);
      await using sts = await startStsServer({ token: 'good', lifetimeMs: SHORT });
      await using s3 = await startS3Server({ admits: (caller) => sts.admits(caller) });
      const all = { region: REGION, roleARN: stsRole, tokenPath, s3ForcePathStyle: true, ...fields };
      writeFileSync(rig.home.join('aws.json'), JSON.stringify(all));
      return await rig.run(
        ['check-store', '--storage-provider', 'S3', '--store-container', s3.bucket].concat([
          '--store-endpoint-override',
          s3.endpoint,
        ]),
        {
          env: {
            AWS_APPLICATION_CREDENTIALS_JSON: rig.home.join('aws.json'),
            AWS_ENDPOINT_URL_STS: sts.endpoint,
          },
        },
      );
    };

    for (const [what, token, fields, said] of [
      ['a token that has expired', 'hush', {}, /token in \S+\/token: the token service answered 400 ExpiredToken/],
      [
        'a role not meant for it',
        'hush',
        { roleARN: `${stsRole}s` },
        /role\/backups with .* answered 403 AccessDenied/,
      ],
    ] as const) {
      it(`for ${what}, in one line without the token`, async () => {
        const { stdout, stderr, exitCode } = await check(token, fields);
        assert.equal(exitCode, 1, stdout + stderr);
        assert.match(stdout + stderr, said);
        assert.ok(!(stdout + stderr).includes('hush'));
      });
    }
  });
});
