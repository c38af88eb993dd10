import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { revision } from '../../../src/revision.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { BackupStatus } from '../../../src/server/backup-status.ts';
import { AuthTokens } from '../../../src/server/http/access/auth-tokens.ts';
import { askPeerProof } from '../../../src/server/peer-proof.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

const { signal } = new AbortController();
const proof = { sound: true, provable: revision(70), stateOf: 5_000, problems: [] };

function ask(port: number, clientUrl = 'http://127.0.0.1:2379', token?: string) {
  return askPeerProof(
    clientUrl,
    { port, security: { tls: false, caFile: undefined, token: token === undefined ? undefined : async () => token } },
    { signal, clock: systemClock },
  );
}

describe('the proof of another sidecar', () => {
  it('is what its status says', async () => {
    const status = new BackupStatus(() => 0, 'S3 bucket/prefix');
    status.verification({ type: 'verified', at: 9_000, seconds: 4, proof });
    const sidecar = new FakeSidecar();
    sidecar.backupStatus = () => status.document();
    await using server = await serveFakeSidecar({ sidecar });
    assert.deepEqual(await ask(server.port), { store: 'S3 bucket/prefix', at: 9_000, seconds: 4, proof });
  });

  it('is told to those who show the token that is asked for', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('token'), 'a-token-of-enough-length', { mode: 0o600 });
    const status = new BackupStatus(() => 0);
    status.verification({ type: 'verified', at: 9_000, seconds: 4, proof });
    const sidecar = new FakeSidecar();
    sidecar.backupStatus = () => status.document();
    await using server = await serveFakeSidecar({
      sidecar,
      tokens: await AuthTokens.open(dir.join('token'), recordedContext()),
    });
    await assert.rejects(ask(server.port), /answers with 401/);
    assert.equal((await ask(server.port, undefined, 'a-token-of-enough-length')).at, 9_000);
  });

  it('is none where it has none, has found nothing out, says something else or is not there', async () => {
    const sidecar = new FakeSidecar();
    const server = await serveFakeSidecar({ sidecar });
    await assert.rejects(ask(server.port));
    const status = new BackupStatus(() => 0);
    status.verification({ type: 'verification failed', at: 9_000, error: new Error('no space') });
    sidecar.backupStatus = () => status.document();
    await assert.rejects(ask(server.port));
    await assert.rejects(ask(server.port, 'unix://socket'), /has no host and port/);
    await server[Symbol.asyncDispose]();
    await assert.rejects(ask(server.port), /ECONNREFUSED/);
  });
});
