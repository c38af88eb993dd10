import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { fencesOf, pageText } from '../../../scripts/markdown.ts';
import { startInProcess } from '../../support/cli/run-in-process.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import type { CephRgw } from '../../support/servers/ceph-rgw.ts';
import { jsonEnvironment } from '../../support/stores/json-environment.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: object;
}

/** The policies of docs/providers/s3.md: for a backup, and for reading alone. */
const [backup, reading] = fencesOf(pageText('docs/providers/s3.md'))
  .filter(({ info }) => info === 'json policy')
  .map(({ code }) => JSON.parse(code) as { readonly Version: string; readonly Statement: readonly Statement[] });

/** The policies of the documents, enforced by Ceph for an account that may do nothing else. */
export function leastPrivilegeCases(rgw: () => CephRgw): void {
  describe('the policies of docs/providers/s3.md, on Ceph RGW', () => {
    let account: Awaited<ReturnType<CephRgw['createUser']>>;
    before(async () => {
      account = await rgw().createUser('least');
      await rgw().createBucket('etcd-backup');
      for (const { key, bytes } of goldenObjects('etcd-3.5/gzip')) {
        await rgw().client.send(new PutObjectCommand({ Bucket: 'etcd-backup', Key: `etcd-main/${key}`, Body: bytes }));
      }
    });

    /** Gives the account a policy, without some of its actions. */
    async function allow(policy: typeof backup, without: readonly string[] = []): Promise<void> {
      assert.ok(policy !== undefined, 'the page has no such policy');
      const statements = policy.Statement.map((statement) => ({
        ...statement,
        Action: statement.Action.filter((action) => !without.includes(action)),
        Principal: { AWS: ['arn:aws:iam:::user/least'] },
      })).filter(({ Action }) => Action.length > 0);
      await rgw().client.send(
        new PutBucketPolicyCommand({
          Bucket: 'etcd-backup',
          Policy: JSON.stringify({ Version: policy.Version, Statement: statements }),
        }),
      );
    }

    /** Runs a command as the account. */
    async function run(command: readonly string[], prefix = 'etcd-main') {
      const fields = { ...account, endpoint: rgw().endpoint, region: 'default', s3ForcePathStyle: true };
      using credentials = jsonEnvironment('AWS', fields);
      const store = ['--storage-provider=S3', '--store-container=etcd-backup', `--store-prefix=${prefix}`];
      return await startInProcess([...command, ...store], credentials.variables).ended;
    }

    it('let a backup do all that it needs', async () => {
      await allow(backup);
      const { stdout, stderr, exitCode } = await run(['check-store', '-o', 'json']);
      assert.equal(exitCode, 0, stderr + stdout);
      assert.doesNotMatch(stderr, /WARN/);
    });

    for (const [action, step] of [
      ['s3:PutObject', 'write'],
      ['s3:ListBucket', 'list'],
      ['s3:DeleteObject', 'delete'],
    ] as const) {
      it(`have no action to spare: without ${action} check-store names "${step}"`, async () => {
        await allow(backup, [action]);
        const { stderr, exitCode } = await run(['check-store']);
        assert.equal(exitCode, 1);
        assert.match(stderr, new RegExp(`it is not possible to .*${step}`));
      });
    }

    it('have no action to spare: without s3:GetObject nothing can be verified', async () => {
      // What the account has written itself it may read on Ceph, so it is given what somebody else has.
      await allow(backup, ['s3:GetObject']);
      const { stderr, exitCode } = await run(['verify', '--level=hash']);
      assert.equal(exitCode, 1);
      assert.match(stderr, /^error: cannot .*403 AccessDenied/m);
    });

    it('let it nowhere but below its prefix', async () => {
      await allow(backup);
      const { stderr, exitCode } = await run(['check-store'], 'other');
      assert.equal(exitCode, 1);
      assert.match(stderr, /it is not possible to .*write/);
    });

    it('let a reader list and verify, and write nothing', async () => {
      await allow(reading);
      const verified = await run(['verify', '--level=hash']);
      assert.equal(verified.exitCode, 0, verified.stderr + verified.stdout);
      const refused = await run(['check-store']);
      assert.equal(refused.exitCode, 1);
      assert.match(refused.stderr, /it is not possible to write/);
    });
  });
}
