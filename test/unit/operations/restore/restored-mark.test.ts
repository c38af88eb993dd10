import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { DataDirState } from '../../../../src/operations/initialize/data-dir-state.ts';
import { restoredOnPurpose } from '../../../../src/operations/initialize/restored-on-purpose.ts';
import { readStoredBackups, type StoredBackups } from '../../../../src/operations/initialize/stored-backups.ts';
import { restoredMark, writeRestoredMark } from '../../../../src/operations/restore/restored-mark.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';
import { type Change, type Happening, happenings } from '../../../support/histories/happenings.ts';
import { restored, type Store } from '../../../support/histories/model-restore.ts';
import { RandomLife } from '../../../support/histories/random-life.ts';

const dir = makeTempDir();
after(() => dir[Symbol.dispose]());

/** What initialize does with a directory that is sound and ends at a revision, and with one that is damaged. */
interface Judgement {
  readonly sound: 'kept' | 'replaced';
  /** What is restored for the damaged one. */
  readonly target: RestoreTarget;
}

/** A directory whose member may have the mark of a restore; everything but the reading of its files is as it is. */
async function judged(store: Store, at: number, life: RandomLife): Promise<Judgement> {
  const clock = { now: () => life.now * 1000, monotonic: () => 0, sleep: () => Promise.resolve() };
  const context = { ...recordedContext(), clock };
  const list = (): Promise<unknown> =>
    Promise.resolve({ snapshots: store.listing, markers: store.markers, ignored: [] });
  const stored: StoredBackups = await readStoredBackups(
    { store: { list, location: 'memory' } as unknown as SnapStore, members: 1 },
    context,
  );
  assert.ok(stored.content === 'backups');
  const { toCompare, histories } = stored;
  const behind: DataDirState | undefined =
    toCompare !== undefined && at < toCompare
      ? { state: 'behind_store', revision: revision(at), storeRevision: toCompare }
      : undefined;
  const markOf = async (found: DataDirState) =>
    await restoredOnPurpose({ member: { memberDir: dir.path }, found, histories }, context);
  const damaged = await markOf({ state: 'db_corrupt', reason: 'it is so' });
  const isKept = behind === undefined || (await markOf(behind)) !== undefined;
  const target =
    damaged === undefined
      ? {}
      : { until: { kind: 'revision' as const, revision: damaged.revision }, history: damaged.history };
  return { sound: isKept ? 'kept' : 'replaced', target };
}

async function markRestored(life: RandomLife, at: number): Promise<void> {
  const { living } = life.histories;
  const from = { reached: revision(at), history: living, seen: life.honest, living };
  await writeRestoredMark(dir.path, restoredMark(from, life.now));
}

const honest = (life: RandomLife): Store => ({
  listing: life.honest,
  markers: life.markers,
  contents: life.contents,
  compactions: life.compactions,
});

/** Clocks that are wrong by days have tests of their own, and of what nothing marks as left an older state may be that. */
const withoutJumps = (life: readonly Happening[]): readonly Happening[] =>
  life.filter((each) => each.what !== 'put back unseen' && !(each.what === 'clock' && Math.abs(each.seconds) > 86_400));

const putBackOften = (life: readonly Happening[]): readonly Happening[] =>
  life.flatMap((each, at) => (at % 4 === 3 ? [each, { what: 'roll back', by: 1 + (at % 5) }] : [each]));

const asked = process.env['HISTORIES'];
const numRuns = Math.ceil(Number(asked ?? 400) / 4);

describe('a cluster that is put back to an older state, again and again', () => {
  it('gets exactly that state; initialize keeps it until its backup goes on, and restores it where it is damaged', async () => {
    let putBack = 0;
    const lives = fc.asyncProperty(happenings.map(withoutJumps).map(putBackOften), async (happened) => {
      const life = new RandomLife('ours');
      rmSync(dir.join('etcdbrctl-restored.json'), { force: true });
      let before: readonly Change[] | undefined;
      for (const happening of happened) {
        const { acknowledged } = life;
        if (happening.what === 'roll back' && acknowledged.length > happening.by && !life.isPending) {
          const at = acknowledged.length + 1 - happening.by;
          const store = honest(life);
          const older = await restored(store, { until: { kind: 'revision', revision: revision(at) } });
          if (typeof older === 'string') {
            // What garbage collection has left begins later.
            assert.ok(!store.listing.some(({ kind, lastRevision }) => kind === 'Full' && lastRevision <= at), older);
            continue;
          }
          assert.deepEqual(older, acknowledged.slice(0, at - 1));
          await markRestored(life, at);
          // Now, and when a clock that was behind has been put right.
          for (const seconds of [0, 4_000, 90_000]) {
            life.happen({ what: 'clock', seconds });
            const later = honest(life);
            const { sound, target } = await judged(later, at, life);
            assert.equal(sound, 'kept', `at ${at} the restore would be undone`);
            assert.deepEqual(await restored(later, target), older);
          }
          before = older;
          putBack += 1;
        }
        life.happen(happening);
        if (before !== undefined && !life.isPending) {
          // The cluster has gone on, and its backup, too: what counts is that.
          const store = honest(life);
          const { target } = await judged(store, life.revision, life);
          const now = await restored(store, target);
          assert.deepEqual(now, life.acknowledged.length > before.length ? life.acknowledged : now);
        }
      }
    });
    await fc.assert(lives, { numRuns });
    assert.ok(putBack > numRuns / 10, `${putBack}`);
  });
});
