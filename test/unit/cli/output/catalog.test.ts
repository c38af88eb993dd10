import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';
import { catalogReport } from '../../../../src/cli/output/catalog.ts';
import type { BackupCatalog } from '../../../../src/operations/list/list.ts';
import { revision } from '../../../../src/revision.ts';
import { catalogOf } from '../../../../src/snapshot/catalog.ts';
import { historiesOf } from '../../../../src/snapshot/history/histories.ts';
import { type HistoryMarker, markerName } from '../../../../src/snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

const BEGIN = 1_795_251_532;

function stored(name: string, more: Partial<StoredSnapshot> = {}): StoredSnapshot {
  return { ...snapshotNamed(name), key: `v2/${name}`, size: 2_048, ...more };
}

function table(
  snapshots: readonly StoredSnapshot[],
  more: { deltas?: 'all' | 'shortened'; ignored?: string[]; markers?: HistoryMarker[]; history?: 'left' } = {},
) {
  const { deltas = 'shortened', ignored = [], markers = [] } = more;
  const histories = historiesOf(snapshots, markers);
  const history = (more.history === 'left' ? histories.left[0] : undefined) ?? histories.living;
  const chains = catalogOf(history.snapshots);
  const catalog: BackupCatalog = { ...chains, histories, history, location: '/backup', ignored, companions: [] };
  return catalogReport(catalog, { now: (BEGIN + 600) * 1_000, deltas });
}

function longChain(count: number): StoredSnapshot[] {
  const deltas = Array.from({ length: count }, (_, at) =>
    stored(`Incr-${String(59 + at).padStart(8, '0')}-${String(59 + at).padStart(8, '0')}-${BEGIN + at + 1}.gz`),
  );
  return [stored(`Full-00000000-00000058-${BEGIN}.gz`), ...deltas];
}

describe('where a full comes from', () => {
  it('is shown below it and in its data', () => {
    const full = stored(`Full-00000000-00000058-${BEGIN}.gz`);
    const histories = historiesOf([full], []);
    const catalog: BackupCatalog = {
      ...catalogOf([full]),
      histories,
      history: histories.living,
      location: '/backup',
      ignored: [],
      companions: [],
    };
    const facts = { lastRevision: 58, compactRevision: 7, pageSize: 4096, raftTerm: '3', raftIndex: '99' };
    const from = { clusterId: 'cdf8', memberId: '8e9e', etcdVersion: '3.5.16', takenAt: '2026-11-21T08:58:52.000Z' };
    const origins = new Map([[full.key, { ...facts, ...from, writtenBy: '1.2.3' }]]);
    const report = catalogReport(catalog, { now: BEGIN * 1_000, deltas: 'all', origins });
    const line =
      '      taken at 2026-11-21T08:58:52.000Z, from member 8e9e, of cluster cdf8, etcd 3.5.16, raft index 99 in term 3, etcdbrctl 1.2.3';
    assert.ok(report.table.includes(line), report.table.join('\n'));
    const { chains } = report.data as { readonly chains: readonly { readonly full: { readonly origin: object } }[] };
    const { lastRevision: _, pageSize: __, ...shown } = { ...facts, ...from, writtenBy: '1.2.3' };
    assert.deepEqual(chains[0]?.full.origin, shown);
  });
});

describe('the table of a catalog', () => {
  it('shows chains oldest first and which one restore takes', () => {
    const snapshots = [
      stored(`Full-00000000-00000058-${BEGIN}.gz`, { immutableUntil: (BEGIN + 86_400) * 1_000 }),
      stored(`Incr-00000059-00000089-${BEGIN + 2}.gz`),
      stored(`Full-00000000-00000089-${BEGIN + 3}.gz.final`),
    ];
    assert.deepEqual(table(snapshots).table, [
      'Chain 1: to revision 89, 9m old, 2 objects, 4.0 KiB',
      '  SNAPSHOT                              TAKEN (UTC)             SIZE',
      '  Full-00000000-00000058-1795251532.gz  2026-11-21 08:58:52  2.0 KiB',
      '      immutable until 2026-11-22 08:58:52',
      '  Incr-00000059-00000089-1795251534.gz  2026-11-21 08:58:54  2.0 KiB',
      '',
      'Chain 2: to revision 89, 9m old, 1 object, 2.0 KiB',
      '  restore takes this one',
      '  SNAPSHOT                                    TAKEN (UTC)             SIZE',
      '  Full-00000000-00000089-1795251535.gz.final  2026-11-21 08:58:55  2.0 KiB',
      '      final',
      '',
      '/backup: 3 snapshots, 6.0 KiB',
      'Any moment from 2026-11-21 08:58:52 to 2026-11-21 08:58:55 UTC (--to-time)',
    ]);
  });

  it('says what is missing and what overlaps', () => {
    const lines = table([
      stored(`Full-00000000-00000058-${BEGIN}.gz`),
      stored(`Incr-00000050-00000089-${BEGIN + 2}.gz`),
      stored(`Incr-00000095-00000099-${BEGIN + 3}.gz`),
    ]).table;
    assert.match(lines[0] ?? '', /to revision 89, /);
    assert.equal(lines[1], '  BROKEN: restore takes this one, and fails');
    assert.ok(
      lines.includes('      it reaches across the end of its full: revisions 50 to 58 are in both, and taken once'),
    );
    assert.ok(lines.includes('      revisions 90 to 94 are missing before this delta'));
  });

  it('marks a chain that two snapshotters wrote to, whether restore takes it or not', () => {
    const lines = table([
      stored(`Full-00000000-00000058-${BEGIN}.gz`),
      stored(`Incr-00000059-00000089-${BEGIN + 2}.gz`),
      stored(`Incr-00000070-00000099-${BEGIN + 3}.gz`),
      stored(`Full-00000000-00000099-${BEGIN + 4}.gz`),
      stored(`Incr-00000100-00000110-${BEGIN + 5}.gz`),
    ]).table;
    assert.equal(lines[1], '  CONCURRENT WRITERS: 1 delta holds revisions that others hold, too');
    assert.equal(lines.filter((line) => /CONCURRENT WRITERS/.test(line)).length, 1);
  });

  it('leaves out the middle of a long chain, unless all deltas are wanted', () => {
    const short = table(longChain(40)).table;
    assert.ok(short.includes('  ... 35 more deltas, shown with --all'));
    assert.ok(short.length < 15);
    assert.ok(short.some((line) => line.includes('Incr-00000098')));
    assert.equal(table(longChain(40), { deltas: 'all' }).table.length, 41 + 6);
    assert.equal(table(longChain(5)).table.length, 6 + 6);
  });

  it('fits 80 columns with the longest usual names', () => {
    const { table: lines } = table(longChain(3).map((each) => ({ ...each, size: 1_023 * 1_024 ** 3 })));
    const final = table([stored(`Full-00000000-99999999-${BEGIN}.zlib.final`, { size: 1_023 * 1_024 ** 3 })]).table;
    assert.deepEqual(
      [...lines, ...final].filter((line) => line.length > 80),
      [],
    );
  });

  it('names an empty store, and objects that are no snapshots', () => {
    assert.deepEqual(table([]).table, ['/backup: no snapshot; check the container and --store-prefix']);
    const part = stored(`Full-00000000-00000058-${BEGIN}.gz/0000000001`);
    const lines = table([part], { ignored: ['v2/odd', 'v2/odder'] }).table;
    assert.equal(lines.at(-1), 'Also there: 1 part of larger objects, 2 objects with other names');
  });
});

describe('the data of a catalog', () => {
  it('holds every delta, times and what is missing', () => {
    const { data } = table(longChain(40));
    const { chains, ...rest } = JSON.parse(JSON.stringify(data)) as {
      chains: {
        full: Record<string, unknown>;
        deltas: unknown[];
        restoreTakesThis: boolean;
        missing: unknown;
        concurrentWriters: unknown;
      }[];
    };
    assert.deepEqual(rest, {
      location: '/backup',
      restorable: true,
      window: { from: '2026-11-21T08:58:52.000Z', to: '2026-11-21T08:59:32.000Z' },
      concurrentWriters: false,
      history: 1,
      inOtherHistories: 0,
      histories: [{ number: 1, writtenLast: true, begun: null, left: null, snapshots: 41, lastRevision: 98 }],
      suspectedForks: [],
      lastRevision: 98,
      excluded: [],
      parts: 0,
      companions: [],
      ignored: [],
    });
    assert.equal(chains[0]?.deltas.length, 40);
    assert.equal(chains[0]?.restoreTakesThis, true);
    assert.equal(chains[0]?.missing, null);
    assert.deepEqual(chains[0]?.concurrentWriters, []);
    assert.equal(chains[0]?.full['createdOn'], '2026-11-21T08:58:52.000Z');
    assert.equal(chains[0]?.full['ageSeconds'], 600);
  });
});

describe('the histories of a catalog', () => {
  const first = stored(`Full-00000000-00000058-${BEGIN}.gz`);
  const left = stored(`Incr-00000059-00000089-${BEGIN + 2}.gz`);
  const begun = stored(`Full-00000000-00000058-${BEGIN + 60}.gz`);
  const fresh = stored(`Incr-00000059-00000060-${BEGIN + 80}.gz`);
  const moment = { begunOn: BEGIN + 60, shared: revision(58) };
  const marker: HistoryMarker = {
    ...moment,
    name: markerName(moment),
    why: 'rolled_back',
    first: begun.name,
    clusterId: 'cdf8',
    left: [left.name],
  };

  it('are headlines; the chains are those of the one that was written last', () => {
    const report = table([first, left, begun, fresh], { markers: [marker] });
    assert.deepEqual(report.table.slice(0, 3), [
      'History 1: left 2026-11-21 08:59:52 at revision 58; 1 snapshot up to revision 89 (--history 1)',
      'History 2: the one that was written last, begun 2026-11-21 08:59:52 as the cluster was put back to an older state; its chains follow',
      '',
    ]);
    assert.ok(!report.table.join('\n').includes(left.name));
    assert.equal(report.table.at(-1), 'Also there: 1 snapshot of other histories, 2.0 KiB');
    const other = table([first, left, begun, fresh], { markers: [marker], history: 'left' }).table;
    assert.deepEqual(other.slice(0, 5), [
      'History 1: left 2026-11-21 08:59:52 at revision 58; its chains follow, with the past that it shares',
      'History 2: the one that was written last, begun 2026-11-21 08:59:52 as the cluster was put back to an older state; 3 snapshots up to revision 60',
      '',
      'Chain 1: to revision 89, 9m old, 2 objects, 4.0 KiB',
      '  restore --history 1 takes this one',
    ]);
    assert.match(other.join('\n'), /\nAny moment from [-0-9: ]+ to [-0-9: ]+ UTC \(--history 1 --to-time\)\n/);
    assert.equal(other.at(-1), 'Also there: 2 snapshots of other histories, 4.0 KiB');
    const doubtful = { ...marker, shared: revision(0), mayShare: revision(70) };
    assert.match(
      table([first, left, begun, fresh], { markers: [doubtful] }).table.join('\n'),
      /left 2026-11-21 08:59:52 with nothing that is proved to be shared \(it may share more, up to 70\)/,
    );
    const { histories, lastRevision } = report.data as { histories: { number: number }[]; lastRevision: number };
    assert.deepEqual(
      histories.map(({ number }) => number),
      [1, 2],
    );
    assert.equal(lastRevision, 60);
  });

  it('are suspected where no marker tells them apart', () => {
    const report = table([first, left, begun, fresh]);
    assert.match(
      report.table[0] ?? '',
      /^TWO HISTORIES\? Full-00000000-00000058-1795251592.gz was taken after Incr-00000059-00000089/,
    );
    assert.equal((report.data as { suspectedForks: unknown[] }).suspectedForks.length, 1);
  });

  it('look as docs/histories.md shows them', () => {
    const page = readFileSync(`${projectRoot}docs/histories.md`, 'utf8');
    const at = Date.UTC(2026, 10, 21, 9, 14, 2) / 1000;
    const four = [402, 500, 600, 702].map((first, index, all) => {
      const last = index === 0 ? 499 : (all[index + 1] ?? 703) - 1;
      return stored(`Incr-00000${first}-00000${last}-${at - 60 + index}.gz`);
    });
    const begunThen = stored(`Full-00000000-00000401-${at}.gz`);
    const then = { begunOn: at, shared: revision(401) };
    const left = four.map(({ name }) => name);
    const marked: HistoryMarker = { ...marker, ...then, name: markerName(then), first: begunThen.name, left };
    const { table: lines } = table([...four, begunThen], { markers: [marked] });
    for (const line of lines.slice(0, 2)) {
      assert.ok(page.includes(line), line);
    }
  });

  it('are not mentioned when there is one', () => {
    assert.ok(table([first, left]).table.every((line) => !/histor/i.test(line)));
  });
});
