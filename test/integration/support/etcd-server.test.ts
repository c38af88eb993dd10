import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeCertificates } from '../../../scripts/lab/certificates.ts';
import { etcdLines, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

for (const line of etcdLines) {
  describe(`a scratch etcd ${line}`, () => {
    it('keeps its keys over kill -9 and restart, and leaves no files', async () => {
      let dataDir: string;
      let pid: number;
      {
        await using etcd = await startEtcd({ release: await etcdRelease(line) });
        dataDir = etcd.dataDir;
        await etcd.etcdctl('put', 'greeting', 'hello');
        await etcd.kill9();
        assert.equal(etcd.isRunning(), false);
        await etcd.restart();
        pid = etcd.pid();
        assert.equal(await etcd.etcdctl('get', 'greeting', '--print-value-only'), 'hello\n');
      }
      assert.equal(existsSync(dataDir), false);
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    });

    it('asks for certificates and a password when asked to', async () => {
      await using certificates = await makeCertificates();
      await using etcd = await startEtcd({
        release: await etcdRelease(line),
        tls: { server: certificates.server, ca: certificates.ca, client: certificates.client },
        rootPassword: 'correct horse',
      });
      await etcd.etcdctl('put', 'greeting', 'hello');
      await assert.rejects(run(etcd.release.etcdctl, ['--endpoints', etcd.clientUrl, 'get', 'greeting']));
      await etcd.restart();
      assert.equal(await etcd.etcdctl('get', 'greeting', '--print-value-only'), 'hello\n');
    });
  });
}

it('a server certificate that ran out is noticed', async () => {
  await using certificates = await makeCertificates();
  await using etcd = await startEtcd({
    release: await etcdRelease('3.5'),
    tls: { server: certificates.expired, ca: certificates.ca },
  });
  await assert.rejects(
    etcd.etcdctl('get', 'greeting', '--dial-timeout=2s', '--command-timeout=2s'),
    /deadline|expired/,
  );
});

it('an etcd dies with the process that started it, whatever killed that', async () => {
  const starter = `
    import { etcdRelease } from './scripts/lab/etcd-release.ts';
    import { startEtcd } from './scripts/lab/etcd-server.ts';
    const etcd = await startEtcd({ release: await etcdRelease('3.5'), dataDir: process.argv[1] });
    process.stdout.write(String(etcd.pid()), () => process.kill(process.pid, 'SIGKILL'));
  `;
  using dir = makeTempDir();
  const args = ['--input-type=module', '--eval', starter, dir.join('data')];
  const error = await run(process.execPath, args, { cwd: projectRoot }).then(
    () => assert.fail('the starter survived its own SIGKILL'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  const pid = Number(/\d+$/.exec(error.message)?.[0]);
  await eventually(() => (existsSync(`/proc/${pid}`) ? undefined : true), { timeoutMs: 5_000 });
});
