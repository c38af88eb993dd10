import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { PROOF_PREFIX } from '../../src/snapshot/proof-name.ts';
import { htmlAnswer, xmlRefusal } from '../support/servers/answer-script.ts';
import type { ScriptedAnswer } from '../support/servers/http-fault.ts';
import { startS3Server } from '../support/servers/s3-server.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig } from './rig.ts';
import { fillWithGolden, s3Place } from './s3-place.ts';

describe('verify', () => {
  it('proves a sound store by restoring it, and leaves nothing', async () => {
    await using rig = makeRig();
    const flags = [...goldenStoreFlags(rig, 'etcd-3.5/zlib'), '--temp-dir', rig.home.path];
    const { stdout, stderr, exitCode } = await rig.run(['verify', '--level', 'restore', ...flags]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Snapshots: +4 objects in 1 chain, 4 read$/m);
    assert.match(stdout, /^Restorable up to: +revision 122, the state of 2026-\S+Z$/m);
    assert.match(stdout, /^HashKV: +\d+ \(compact revision 0\)$/m);
    assert.deepEqual(readdirSync(rig.home.path), ['store']);
  });

  it('fails with what is wrong and up to where a restore can go', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const store = rig.home.join('store/etcd-main/v2');
    rmSync(`${store}/Incr-00000120-00000122-1795251538.gz`);
    const bent = `${store}/Incr-00000090-00000119-1795251536.gz`;
    writeFileSync(bent, readFileSync(bent).subarray(0, 1_000));
    const { stdout, stderr, exitCode } = await rig.run(['verify', '-o', 'json', ...flags]);
    assert.equal(exitCode, 1);
    const result = JSON.parse(stdout) as Record<string, unknown> & { findings: Record<string, string>[] };
    assert.equal(result['sound'], false);
    assert.equal(result['provableRevision'], 89);
    assert.equal(result['newestRevision'], 119);
    assert.equal(result.findings[0]?.['snapshot'], 'Incr-00000090-00000119-1795251536.gz');
    assert.match(
      stderr,
      /error: cannot verify .*: 1 problem found; it can be restored up to revision 89 \(etcdbrctl restore --to-revision 89\)/,
    );
    const restored = await rig.run(['restore', ...flags, '--to-revision', '89', '-d', 'data']);
    assert.equal(restored.exitCode, 0, restored.stderr);
  });

  it('fails on an empty store', async () => {
    await using rig = makeRig();
    const none = rig.home.join('none');
    const { stdout, stderr, exitCode } = await rig.run(['verify', '--record', '--store-container', none]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /problem: the store holds no snapshot/);
    assert.match(
      stderr,
      /error: cannot verify .*none: it holds no snapshot, as it does not exist; check --store-container/,
    );
    assert.ok(!existsSync(none), 'no proof is written where nothing is');
  });

  it('promises nothing by names where the only full is empty', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    writeFileSync(rig.home.join('store/etcd-main/v2/Full-00000000-00000058-1795251532.gz'), '');
    const { stdout, stderr, exitCode } = await rig.run(['verify', '--level', 'catalog', ...flags]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Restorable up to: +nothing$/m);
    assert.match(stderr, /nothing in it can be restored/);
  });
});

/** Verifies a sound golden backup whose store gives `answer` to every read of an object with `among` in its key. */
async function verifyUnread(answer: ScriptedAnswer, among = '') {
  await using rig = makeRig();
  await using server = await startS3Server();
  fillWithGolden(server);
  server.fault(({ operation, key }) =>
    operation === 'GetObject' && key.includes(among) ? { kind: 'answer', answer } : undefined,
  );
  const { flags, env } = s3Place(rig, server.endpoint);
  const recorded = () => [...server.objects.keys()].filter((key) => key.includes(PROOF_PREFIX));
  const run = await rig.run(['verify', '--record', '-o', 'json', '--store-prefix=etcd-main', ...flags], { env });
  return { ...run, recorded: recorded() };
}

describe('verify, of objects that the store does not give,', () => {
  const answers: Readonly<Record<string, ScriptedAnswer>> = {
    'a refusal': xmlRefusal(403, 'AccessDenied'),
    'a store that does not know how': xmlRefusal(501, 'NotImplemented'),
    'a page of a proxy': htmlAnswer(200),
    'an archived object': xmlRefusal(403, 'InvalidObjectState'),
    'an object that is listed and is not there': xmlRefusal(404, 'NoSuchKey'),
  };
  for (const [title, answer] of Object.entries(answers)) {
    it(`says what was answered, nothing about the snapshots, and writes no proof: ${title}`, async () => {
      const { stderr, exitCode, recorded } = await verifyUnread(answer);
      assert.equal(exitCode, 1);
      assert.match(stderr, /^error: cannot read \S+Full-\S+: /m);
      assert.doesNotMatch(stderr, /take a full snapshot|nothing in it can be restored/);
      assert.deepEqual(recorded, []);
    });

    it(`does not take the full for lost: ${title}`, async () => {
      const { stdout, stderr, exitCode } = await verifyUnread(answer, 'Full-');
      assert.equal(exitCode, 1);
      const { findings } = JSON.parse(stdout) as { findings: Record<string, unknown>[] };
      assert.deepEqual(
        findings.map(({ unread }) => unread),
        [true],
      );
      assert.match(
        stderr,
        /^error: cannot verify \S+: 1 problem found; what could not be read may be sound: .*again$/m,
      );
    });
  }

  it('names how far the others lead', async () => {
    const { stderr } = await verifyUnread(htmlAnswer(200), 'Incr-00000090');
    assert.match(
      stderr,
      /up to revision 89 \(etcdbrctl restore --to-revision 89\); what could not be read may be sound/,
    );
  });
});
