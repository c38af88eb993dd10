import assert from 'node:assert/strict';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig, type Rig } from './rig.ts';

/** A golden chain and, below it, an older full with a delta. Gives the flags and what is in the store. */
function laidOut(rig: Rig): { readonly flags: readonly string[]; readonly names: () => readonly string[] } {
  const flags = [...goldenStoreFlags(rig, 'etcd-3.5/gzip'), '--garbage-collection-policy', 'LimitBased', '-m', '1'];
  const folder = rig.home.join('store/etcd-main/v2');
  writeFileSync(`${folder}/Full-00000000-00000010-1795200000.gz`, 'old'.repeat(100));
  writeFileSync(`${folder}/Incr-00000011-00000020-1795200020.gz`, 'old'.repeat(100));
  return { flags, names: () => readdirSync(folder).toSorted() };
}

describe('prune', () => {
  it('shows what would be deleted and why, and deletes nothing', async () => {
    await using rig = makeRig();
    const { flags, names } = laidOut(rig);
    const before = names();
    for (const dry of [[], ['--dry-run']]) {
      const { stdout, stderr, exitCode } = await rig.run(['prune', ...flags, ...dry]);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^delete: is older than the newest fulls that are kept\n {2}Full-00000000-00000010-/m);
      assert.match(stdout, /^delete: is a delta of an older full, past its retention period\n {2}Incr-00000011-/m);
      assert.match(stdout, /^keep: belongs to the newest full and its deltas\n( {2}(Full|Incr).*\n){4}/m);
      assert.match(
        stdout,
        /: would delete 2 of 6 objects, 600 B\nNothing was deleted; --yes does it\.\nFull-00000000-00000058-.* was not read; with --yes it is, /,
      );
    }
    assert.deepEqual(names(), before);
  });

  it('deletes with --yes, as JSON for a script', async () => {
    await using rig = makeRig();
    const { flags, names } = laidOut(rig);
    const before = names();
    const { stdout, stderr, exitCode } = await rig.run(['prune', ...flags, '--yes', '-o', 'json']);
    assert.equal(exitCode, 0, stderr);
    const { carriedOut, objects } = JSON.parse(stdout) as {
      readonly carriedOut: boolean;
      readonly objects: readonly { readonly name: string; readonly reason: string; readonly outcome: string }[];
    };
    assert.equal(carriedOut, true);
    assert.deepEqual(
      objects.map(({ outcome, reason }) => `${outcome} ${reason}`),
      ['deleted beyond_limit', 'deleted delta_of_older_chain', ...Array(4).fill('kept newest_chain')],
    );
    assert.deepEqual(
      names(),
      before.filter((name) => !name.includes('-17952000')),
    );
    const again = await rig.run(['prune', ...flags, '--yes']);
    assert.match(again.stdout, /: nothing to delete among 4 objects\n$/);
  });

  it('shows what killed uploads have left, and removes it with --yes', async () => {
    await using rig = makeRig();
    const { flags, names } = laidOut(rig);
    const left = '.etcdbrctl-0123456789abcdef.partial';
    const young = '.etcdbrctl-fedcba9876543210.partial';
    const folder = rig.home.join('store/etcd-main/v2');
    writeFileSync(`${folder}/${left}`, 'x');
    writeFileSync(`${folder}/${young}`, 'x');
    utimesSync(`${folder}/${left}`, 1_795_000_000, 1_795_000_000);
    const shown = await rig.run(['prune', ...flags]);
    assert.match(
      shown.stdout,
      /: would remove 1 leftover of killed runs; --yes does it\n {2}the unfinished file .*0123456789abcdef\.partial, begun 2026-11-18 /,
    );
    assert.ok(names().includes(left));
    const { stdout, stderr } = await rig.run(['prune', ...flags, '--yes', '-o', 'json']);
    const { abandonedUploads, removedUploads } = JSON.parse(stdout) as {
      readonly abandonedUploads: readonly { readonly what: string }[];
      readonly removedUploads: number;
    };
    assert.equal(abandonedUploads.length, 1);
    assert.equal(removedUploads, 1);
    assert.match(stderr, /GC: removed the unfinished file/);
    assert.ok(!names().includes(left) && names().includes(young));
  });

  it('shows a marker of a doubt about what is gone, and deletes it with --yes', async () => {
    await using rig = makeRig();
    const { flags, names } = laidOut(rig);
    const [old, needed] = ['History-1790000000-00000005.json', 'History-1790000000-00000007.json'];
    const facts = {
      format: 1,
      why: 'continuation_unproven',
      first: 'Incr-00000006-00000008-1790000000.gz',
      clusterId: '1',
    };
    for (const [name, upTo] of [
      [old, 9],
      [needed, 15],
    ] as const) {
      writeFileSync(`${rig.home.join('store/etcd-main/v2')}/${name}`, JSON.stringify({ ...facts, upTo }));
    }
    const shown = await rig.run(['prune', ...flags]);
    assert.match(
      shown.stdout,
      /: would delete 1 marker of a doubt about what is not stored any more; --yes does it\n {2}History-1790000000-00000005\.json, of 2026-09-21 /,
    );
    assert.ok(names().includes(old));
    const { stdout, stderr } = await rig.run(['prune', ...flags, '--yes', '-o', 'json']);
    const { outdatedMarkers, removedMarkers } = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    assert.deepEqual(outdatedMarkers, [{ name: old, begunOn: '2026-09-21T14:13:20.000Z' }]);
    assert.equal(removedMarkers, 1);
    assert.match(stderr, /GC: deleted History-1790000000-00000005\.json: what it puts in doubt is not stored any more/);
    assert.ok(!names().includes(old) && names().includes(needed));
  });

  it('deletes nothing for an empty object with the name of a newest full', async () => {
    await using rig = makeRig();
    const { flags, names } = laidOut(rig);
    const folder = rig.home.join('store/etcd-main/v2');
    writeFileSync(`${folder}/Full-00000000-9007199254740990-1795251600.gz`, '');
    const before = names();
    const { stdout, exitCode } = await rig.run(['prune', ...flags, '--yes']);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^keep: is empty, so it takes the place of no other full\n {2}Full-00000000-9007199254740990-/m,
    );
    assert.match(stdout, /deleted 2 of 7 objects/);
    assert.equal(names().length, before.length - 2);
  });

  it('refuses --yes with --dry-run', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run(['prune', '--yes', '--dry-run']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--dry-run.*it is given together with --yes; give one of the two/);
  });
});
