import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { catalogReport } from '../../../src/cli/output/catalog.ts';
import { compactBackup } from '../../../src/operations/compact/compact.ts';
import { copyBackups } from '../../../src/operations/copy/copy.ts';
import { initialize } from '../../../src/operations/initialize/initialize.ts';
import { listBackups } from '../../../src/operations/list/list.ts';
import { planRestore } from '../../../src/operations/restore/plan.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { verifyBackups } from '../../../src/operations/verify/verify.ts';
import { planRetention } from '../../../src/retention/plan.ts';
import { openStore } from '../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { type RecordedContext, recordedContext } from '../../support/context/run-context.ts';
import { goldenStorePath } from '../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../support/fixtures/restore-request.ts';

/** Long after any run of this test. */
const FUTURE = 4_000_000_000;
/** That of the context, ms since the epoch. */
const NOW = recordedContext().clock.now();

interface Case {
  readonly change: (folder: string) => void;
  /** Whether objects that are read are damaged. */
  readonly isDamaged: boolean;
}

/** Ways in which names of the golden store, which reaches revision 122 from a full at 58, come to be ahead of the clock. */
const CASES: Readonly<Record<string, Case>> = {
  'a forged full inside the chain': {
    isDamaged: false,
    change: (folder) => writeFileSync(`${folder}/Full-00000000-00000080-${FUTURE}.gz`, randomBytes(5_000)),
  },
  'a forged full beyond everything': {
    isDamaged: true,
    change: (folder) => writeFileSync(`${folder}/Full-00000000-9007199254740990-${FUTURE}.gz`, randomBytes(5_000)),
  },
  'a forged delta that continues the chain': {
    isDamaged: true,
    change: (folder) => writeFileSync(`${folder}/Incr-00000123-00000200-${FUTURE}.gz`, randomBytes(5_000)),
  },
  'a forged delta in place of another': {
    isDamaged: false,
    change: (folder) => writeFileSync(`${folder}/Incr-00000090-00000119-${FUTURE}.gz`, randomBytes(5_000)),
  },
  'an empty full': {
    isDamaged: true,
    change: (folder) => writeFileSync(`${folder}/Full-00000000-00000200-${FUTURE}.gz`, ''),
  },
  'the full of another cluster': {
    isDamaged: true,
    change: (folder) =>
      cpSync(
        `${goldenStorePath('etcd-3.4/gzip')}/etcd-main/v2/Full-00000000-00000058-1795251578.gz`,
        `${folder}/Full-00000000-00000300-${FUTURE}.gz`,
      ),
  },
  'a full and a delta of a clock that was put right': {
    isDamaged: false,
    change: (folder) => {
      renameSync(`${folder}/Full-00000000-00000058-1795251532.gz`, `${folder}/Full-00000000-00000058-${FUTURE}.gz`);
      renameSync(`${folder}/Incr-00000059-00000089-1795251534.gz`, `${folder}/Incr-00000059-00000089-${FUTURE + 2}.gz`);
    },
  },
  'deltas of a clock that jumped': {
    isDamaged: false,
    change: (folder) =>
      renameSync(`${folder}/Incr-00000120-00000122-1795251538.gz`, `${folder}/Incr-00000120-00000122-${FUTURE}.gz`),
  },
  'everything of a clock that is ahead': {
    isDamaged: false,
    change: (folder) => {
      for (const name of readdirSync(folder)) {
        renameSync(`${folder}/${name}`, `${folder}/${name.replace('-179', '-479')}`);
      }
    },
  },
};

describe('snapshots that are named for a time that has not come yet', () => {
  for (const [what, { change, isDamaged }] of Object.entries(CASES)) {
    it(`${what}: every operation works with what can be had, and names them`, async () => {
      using dir = makeTempDir();
      const context = recordedContext();
      cpSync(goldenStorePath('etcd-3.5/gzip'), dir.join('store'), { recursive: true });
      const folder = dir.join('store/etcd-main/v2');
      change(folder);
      const names = readdirSync(folder).filter((name) => Number(/-(\d+)\.gz$/.exec(name)?.[1]) > NOW / 1000);
      await using store = await opened(dir.join('store'), context);

      const restored = await restore(restoreRequest(dir, { store }), context);
      assert.equal(restored.revision, 122);
      assert.match(context.lines.map(({ text }) => text).join('\n'), /named for a time that has not come yet/);
      assert.equal((await planRestore({ store, target: {} }, context)).missing, undefined);

      const request = { ...restoreRequest(dir, { store }), mode: 'full', namespace: undefined } as const;
      assert.equal((await initialize(request, context)).action, 'kept');

      const listed = await listBackups({ store }, context);
      const { table } = catalogReport(listed, { now: NOW, deltas: 'all' });
      assert.match(table.join('\n'), /ahead of the clock/i);

      for (const level of ['catalog', 'restore'] as const) {
        const work = { store, level, history: undefined, sample: undefined, tempDir: dir.path, maxFetchers: 3 };
        const { findings, provable } = await verifyBackups(work, context);
        assert.ok(
          names.every((name) => findings.some(({ snapshot, text }) => snapshot === name && /not come yet/.test(text))),
        );
        assert.ok(
          level === 'catalog' ? (provable?.revision ?? 999) <= 122 : provable?.revision === 122,
          String(provable?.revision),
        );
        if (level === 'restore') {
          assert.equal(
            findings.some(({ weight }) => weight === 'problem'),
            isDamaged,
          );
        }
      }

      assert.deepEqual(await deletedBy(store), []);
      await using target = await opened(dir.join('copy'), context);
      const copied = copyBackups(
        { source: store, target, maxBackups: undefined, maxBackupAgeDays: undefined, maxParallel: 3 },
        context,
      );
      await (isDamaged ? copied.catch(() => undefined) : copied);
      const again = await restore(restoreRequest(dir, { store: target, dataDir: dir.join('from-copy') }), context);
      assert.equal(again.revision, 122);

      const compacted = await compactBackup(
        {
          store,
          tempDir: dir.path,
          maxFetchers: 3,
          quotaBytes: undefined,
          skipHashCheck: false,
          saveTimeoutMs: 60_000,
        },
        context,
      );
      assert.equal(compacted.snapshot.lastRevision, 122);
      const fromCompacted = await restore(restoreRequest(dir, { store, dataDir: dir.join('from-compacted') }), context);
      assert.equal(fromCompacted.revision, 122);
    });
  }
});

async function opened(container: string, { log, clock }: RecordedContext): Promise<SnapStore> {
  const place = { provider: 'Local', container, prefix: 'etcd-main', endpointOverride: undefined } as const;
  const upload = { maxParallelChunkUploads: 2, minChunkSize: 5 * 1024 * 1024, role: 'primary' } as const;
  return await openStore({ ...place, ...upload }, { log, clock, environment: {} });
}

/** What garbage collection takes that keeps as little as it can. */
async function deletedBy(store: SnapStore): Promise<readonly string[]> {
  const { snapshots, markers } = await store.list({ signal: AbortSignal.timeout(60_000) });
  const { decisions } = planRetention({
    listing: snapshots,
    markers,
    policy: { kind: 'LimitBased', maxBackups: 1 },
    deltaRetentionMs: 0,
    leftHistoryMs: 0,
    evidence: { proved: new Set() },
    now: NOW,
    partsAreData: false,
  });
  return decisions.filter(({ action }) => action === 'delete').map(({ snapshot }) => snapshot.name);
}
