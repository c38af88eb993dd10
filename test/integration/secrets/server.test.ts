import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { startInProcess } from '../../support/cli/run-in-process.ts';
import { disguises, tell } from '../../support/secrets/disguises.ts';
import { playAnswers, xmlRefusal } from '../../support/servers/answer-script.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';

let etcd: EtcdServer;
before(async () => {
  etcd = await startEtcd({ release: await etcdRelease('3.5'), rootPassword: 'hunter2' });
});
after(() => etcd[Symbol.asyncDispose]());

/** Every path of the API but those of V8's heap, which holds everything, and what somebody may ask for in the wrong place. */
const paths = [
  ...['/healthz', '/livez', '/readyz', '/metrics', '/openapi.json', '/backup/status', '/config', '/no/such/path'],
  ...['/snapshot/full', '/snapshot/delta', '/snapshot/latest', '/initialization/start', '/initialization/status'],
  ...['/debug/pprof/', '/debug/pprof/cmdline', '/?password=hunter2', '/snapshot/latest?token=hunter2', '/hunter2'],
];

/** Everything that a server says at a level of the log while it is asked for everything. */
async function saidBy(
  secret: string,
  { level, place }: { readonly level: string; readonly place: 'works' | 'refuses' },
): Promise<string> {
  using dir = makeTempDir();
  await using store = await startS3Server();
  if (place === 'refuses') {
    // Some services repeat what they were sent.
    store.fault(playAnswers({ '*': xmlRefusal(403, 'InvalidAccessKeyId', `The key hunter2, signed with ${secret}`) }));
  }
  const fields = { region: 'r', accessKeyID: secret, secretAccessKey: secret, s3ForcePathStyle: true };
  writeFileSync(dir.join('keys.json'), JSON.stringify({ ...fields, endpoint: store.endpoint }));
  const port = await freePort();
  const running = startInProcess(
    [
      ...['server', `--server-port=${port}`, '--listen-address=127.0.0.1', '-e', etcd.clientUrl, '--enable-profiling'],
      ...['--etcd-username=root', '--reelection-period=1100ms', '--etcd-connection-timeout=5s', '-d', dir.join('data')],
      ...['--storage-provider=S3', '--store-container=backups', `--log-level=${level}`, '--log-format=json'],
      ...['--secondary-backup-sync-enabled', '--secondary-storage-provider=S3', '--secondary-store-container=backups'],
      ...[
        '--secondary-backup-sync-period=1s',
        `--snapstore-temp-directory=${dir.join('temp')}`,
        '--backoff-multiplier=2',
      ],
    ],
    {
      HOME: dir.path,
      ETCDBRCTL_ETCD_PASSWORD: secret,
      AWS_APPLICATION_CREDENTIALS_JSON: dir.join('keys.json'),
      SECONDARY_AWS_APPLICATION_CREDENTIALS_JSON: dir.join('keys.json'),
    },
  );
  let answers = '';
  const ask = async (path: string): Promise<string> => {
    const headers = { authorization: 'Bearer hunter2', cookie: 'session=hunter2' };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' });
    return `${answer.status} ${[...answer.headers].join()} ${await answer.text()}\n`;
  };
  let hasEnded = false;
  void running.ended.then(() => {
    hasEnded = true;
  });
  await eventually(
    () => {
      assert.ok(!hasEnded, running.stderr());
      return ask('/livez').catch(() => undefined);
    },
    { describe: running.stderr },
  );
  if (place === 'works' && secret === 'hunter2') {
    await eventually(() => (/Successfully saved full snapshot/.test(running.stderr()) ? true : undefined), {
      describe: running.stderr,
    });
  }
  for (const path of paths) {
    answers += await ask(path);
  }
  running.signal('SIGTERM');
  const { stdout, stderr, exitCode } = await running.ended;
  assert.equal(exitCode, 0, stderr);
  return `${answers}\n${stdout}\n${stderr}`;
}

/** Fails with what is around the password. */
function assertNotTold(said: string): void {
  const at = said.search(tell);
  assert.ok(at < 0, said.slice(Math.max(0, at - 150), at + 80));
}

describe('a server that is given a password', () => {
  it('that is right says it nowhere, and works', async () => {
    const said = await saidBy('hunter2', { level: 'debug', place: 'works' });
    assertNotTold(said);
    assert.match(said, /Successfully saved full snapshot/);
  });

  for (const [at, [name, secret]] of Object.entries(disguises).entries()) {
    if (name === 'two lines') {
      // No password has them: it is refused at the start.
      continue;
    }
    it(`that is wrong, at etcd and at its store, says it nowhere: ${name}`, async () => {
      const level = ['debug', 'info', 'warn', 'error'][at % 4] ?? 'debug';
      const said = await saidBy(secret.trimEnd(), { level, place: 'refuses' });
      assertNotTold(said);
      assert.doesNotMatch(said, /\n\s+at .*:\d+|\\n\s+at .*:\d+/);
    });
  }
});
