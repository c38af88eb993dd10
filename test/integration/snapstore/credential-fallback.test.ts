import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { makeCertificates } from '../../../scripts/lab/certificates.ts';
import { makeRig } from '../../cli/rig.ts';
import { startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { type GcsServer, startGcsServer } from '../../support/servers/gcs-server.ts';
import { listenOnLoopback } from '../../support/servers/loopback-listener.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';

/** Lines that warn of a variable. */
function warnings(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line.includes('Nothing is at the path in'));
}

describe('a variable of credentials whose path does not exist, as an orchestrator sets it for an identity of the pod', () => {
  it('S3: what the SDK finds by itself is used, with one warning', async () => {
    await using rig = makeRig();
    await using server = await startS3Server({ admits: ({ accessKeyID }) => accessKeyID === 'POD' });
    const pod = { AWS_ACCESS_KEY_ID: 'POD', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'r' };
    const flags = ['--storage-provider=S3', '--store-container=backups'];
    for (const name of ['AWS_APPLICATION_CREDENTIALS', 'AWS_APPLICATION_CREDENTIALS_JSON']) {
      const env = { ...pod, [name]: '/var/etcd-backup-that-is-not-mounted' };
      const endpoint = `--store-endpoint-override=${server.endpoint}`;
      const { exitCode, stdout, stderr } = await rig.run(['check-store', ...flags, endpoint], { env });
      assert.equal(exitCode, 0, stdout + stderr);
      assert.equal(warnings(stderr).length, 1, stderr);
      assert.match(stderr, new RegExp(`${name}=/var/etcd-backup-that-is-not-mounted: the AWS SDK looks for`));
    }
  });

  it('S3: so is the source of a copy', async () => {
    await using rig = makeRig();
    await using server = await startS3Server({ admits: ({ accessKeyID }) => accessKeyID === 'POD' });
    const env = {
      AWS_ACCESS_KEY_ID: 'POD',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'r',
      SOURCE_AWS_APPLICATION_CREDENTIALS: '/var/source-etcd-backup-that-is-not-mounted',
    };
    const source = ['--source-storage-provider=S3', '--source-store-container=backups'];
    const endpoint = `--source-store-endpoint-override=${server.endpoint}`;
    const target = ['--storage-provider=Local', `--store-container=${rig.home.path}/target`];
    const { stderr } = await rig.run(['copy', ...source, endpoint, ...target], { env });
    assert.equal(warnings(stderr).length, 1, stderr);
    assert.doesNotMatch(stderr, /credentials_|cannot use/);
    assert.ok(
      [...server.calls.keys()].some((operation) => /List/i.test(operation)),
      [...server.calls.keys()].join(),
    );
  });

  it('S3: where nothing is found, both places are named', async () => {
    await using rig = makeRig();
    const env = { AWS_APPLICATION_CREDENTIALS: '/nowhere/backup', AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'r' };
    const { exitCode, stderr } = await rig.run(['list', '--storage-provider=S3', '--store-container=b'], { env });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /nothing is at the path in AWS_APPLICATION_CREDENTIALS=\/nowhere\/backup, and in the variables of AWS, ~\/.aws and the role of this machine no cred/,
    );
  });

  it('GCS: the account of the machine or the pod is used, with one warning', async () => {
    await using rig = makeRig();
    await using certificates = await makeCertificates();
    await using server = await startGcsServer();
    await using front = await startFaultProxy(server.endpoint, { tls: certificates.server });
    await using machine = await startMetadataServer(server);
    const flags = ['--storage-provider=GCS', `--store-container=${server.bucket}`];
    const env = {
      GOOGLE_APPLICATION_CREDENTIALS: '/var/.gcp-that-is-not-mounted/serviceaccount.json',
      GCE_METADATA_HOST: machine.host,
      METADATA_SERVER_DETECTION: 'assume-present',
      SSL_CERT_FILE: certificates.ca,
    };
    const endpoint = `--store-endpoint-override=${front.endpoint}`;
    const { exitCode, stdout, stderr } = await rig.run(['check-store', ...flags, endpoint], { env });
    assert.equal(exitCode, 0, stdout + stderr);
    assert.equal(warnings(stderr).length, 1, stderr);
    assert.match(stderr, /serviceaccount\.json: Google's library looks for an account by itself/);
    assert.ok(machine.tokens > 0);
  });

  it('GCS: where there is none, the variable of the store is named', async () => {
    await using rig = makeRig();
    const env = { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/gcs.json', METADATA_SERVER_DETECTION: 'none' };
    const args = ['list', '--storage-provider=GCS', '--store-container=b'];
    const { exitCode, stderr } = await rig.run(args, { env });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /nothing is at the path in GOOGLE_APPLICATION_CREDENTIALS=\/nowhere\/gcs\.json, and this machine has/,
    );
    assert.match(stderr, /set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a service account/);
    assert.doesNotMatch(stderr, /Unable to read|ENOENT/);
  });
});

/** The server that tells a machine of Google its account's tokens. */
async function startMetadataServer(
  gcs: GcsServer,
): Promise<AsyncDisposable & { readonly host: string; readonly tokens: number }> {
  let tokens = 0;
  const server = createServer((request, response) => {
    response.setHeader('metadata-flavor', 'Google');
    if (request.url?.includes('/token') === true) {
      tokens += 1;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: gcs.tokens.issue(), expires_in: 3600, token_type: 'Bearer' }));
    } else {
      response.end('test-project');
    }
  });
  const { port, [Symbol.asyncDispose]: close } = await listenOnLoopback(server);
  return {
    host: `127.0.0.1:${port}`,
    get tokens() {
      return tokens;
    },
    [Symbol.asyncDispose]: close,
  };
}
