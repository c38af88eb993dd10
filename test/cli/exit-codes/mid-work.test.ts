import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';
import { makeRig } from '../rig.ts';
import { s3Place } from '../s3-place.ts';

const commands = [
  ['verify', '--level=hash', '-o', 'json'],
  ['verify', '--level=structure', '-o', 'json'],
  ['verify', '--level=restore', '-o', 'json'],
  ['restore', '-d', 'data'],
  ['initialize', '-d', 'data'],
  ['compact'],
  ['get', '/end', '--temp-dir=data'],
  ['diff', '58', 'newest', '--temp-dir=data'],
  ['copy', '--store-container=target'],
] as const;

describe('a command that is interrupted while it reads a backup', () => {
  for (const [command, ...args] of commands) {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`has no result and leaves nothing: ${command} ${args[0] ?? ''}, ${signal}`, async () => {
        await using rig = makeRig();
        await using server = await startS3Server();
        for (const { key, bytes } of goldenObjects('etcd-3.5/gzip')) {
          server.objects.set(key, { size: bytes.length, bytes, modifiedAt: Date.now() });
        }
        server.fault(({ operation, count }) =>
          operation === 'GetObject' && count > 1 ? { kind: 'stall' } : undefined,
        );
        const { flags, env } = s3Place(rig, server.endpoint, command === 'copy' ? 'source' : 'store');
        const running = rig.start([command, ...args, ...flags, '--log-format=text'], { env });
        await eventually(() => ((server.calls.get('GetObject') ?? 0) > 1 ? true : undefined));
        running.kill(signal);
        const { stdout, stderr, exitCode } = await running.finished;
        assert.equal(exitCode, code, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, new RegExp(`\nerror: interrupted by ${signal}\n$`));
        assert.ok(!existsSync(rig.home.join('data')), readdirSync(rig.home.path).join());
        assert.equal(server.uploads.size, 0);
      });
    }
  }
});
