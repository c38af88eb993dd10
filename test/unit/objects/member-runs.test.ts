import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundInFull } from '../../../src/objects/key-index.ts';
import { bytesOf, planRuns } from '../../../src/objects/member-runs.ts';
import { CHECK_INTERVAL } from '../../../src/snapshot/compression/written-member.ts';
import { CheckTable } from '../../../src/snapshot/key-index/check-table.ts';
import { IndexDamage } from '../../../src/snapshot/key-index/index-members.ts';
import type { FoundPage } from '../../../src/snapshot/key-index/page-table.ts';

const PAGE = 4_096;
const MEMBER = 512 * 1024;
const PAGES_IN_MEMBER = MEMBER / PAGE;
const LENGTH = 260_000;
const MEMBERS = 20;

const checks = new CheckTable({
  interval: CHECK_INTERVAL,
  checks: Array.from({ length: MEMBERS * 15 }, (_, at) => at),
  firsts: Array.from({ length: MEMBERS + 1 }, (_, at) => at * 15),
});

/** Pages that were found in a full of twenty members of the same length. */
function found(pages: readonly (number | FoundPage)[], rest: Partial<FoundInFull> = {}): FoundInFull {
  return {
    facts: { writtenBy: 'test', lastRevision: 1, compactRevision: 0, pageSize: PAGE },
    members: { memberSize: MEMBER, offsets: Array.from({ length: MEMBERS + 1 }, (_, at) => at * LENGTH) },
    checks,
    points: [],
    contentSize: MEMBERS * MEMBER,
    pages: pages.map((each) => (typeof each === 'number' ? { page: each, overflow: 0 } : each)),
    ...rest,
  };
}

/** A page at a share of a member. */
function pageAt(member: number, share: number): number {
  return member * PAGES_IN_MEMBER + Math.floor(share * PAGES_IN_MEMBER);
}

test('of a member only what leads to its last wanted page is read', () => {
  const [run, ...others] = planRuns(found([pageAt(3, 0.24), pageAt(3, 0.1)]));
  assert.deepEqual(others, []);
  assert.ok(run?.start === 3 * LENGTH && run.end < run.start + LENGTH * 0.31, `${run?.end}`);
  assert.deepEqual(
    run.parts.map(({ member, upTo }) => [member, upTo?.end]),
    [[3, 4 * CHECK_INTERVAL]],
  );
  for (const [share, isWhole] of [
    [0, false],
    [0.5, false],
    [0.8, false],
    [0.95, true],
  ] as const) {
    const bytes = bytesOf(planRuns(found([pageAt(3, share)])));
    assert.equal(bytes === LENGTH, isWhole, `${share}: ${bytes}`);
  }
  assert.equal(bytesOf(planRuns(found([pageAt(3, 0)], { checks: undefined }))), LENGTH);
});

test('scattered pages are read with half of the bytes of their members', () => {
  const pages = Array.from({ length: MEMBERS / 2 }, (_, at) => pageAt(at * 2, (at + 0.5) / (MEMBERS / 2)));
  const bytes = bytesOf(planRuns(found(pages)));
  assert.ok(bytes < (LENGTH * MEMBERS) / 2 / 1.65, `${bytes}`);
});

test('parts that are near to each other are one request, of a limited size', () => {
  const near = planRuns(found([pageAt(3, 0.84), pageAt(4, 0.1)]));
  assert.equal(near.length, 1);
  assert.deepEqual(
    near[0]?.parts.map(({ member }) => member),
    [3, 4],
  );
  assert.equal(planRuns(found([pageAt(3, 0.2), pageAt(4, 0.1)])).length, 2);
  const all = planRuns(found(Array.from({ length: MEMBERS }, (_, at) => pageAt(at, 0.95))));
  assert.ok(all.length > 1 && all.every(({ start, end }) => end - start <= 2 * 1024 * 1024));
  assert.equal(bytesOf(all), MEMBERS * LENGTH);
});

test('a page that goes on in the next members takes all of the ones before', () => {
  const long = { page: pageAt(3, 0.5), overflow: PAGES_IN_MEMBER };
  const [run, ...others] = planRuns(found([long]));
  assert.deepEqual(others, []);
  assert.deepEqual(
    run?.parts.map(({ member, upTo }) => [member, upTo?.end]),
    [
      [3, undefined],
      [4, MEMBER / 2 + CHECK_INTERVAL],
    ],
  );
});

/** Access points each 64 KiB of contents, 32,500 bytes of the object apart. */
const points = Array.from({ length: MEMBERS }, () => ({
  distance: 2 * CHECK_INTERVAL,
  lengths: Array.from({ length: 7 }, () => LENGTH / 8),
}));

test('with access points of a member only the parts with wanted pages are read, those that follow each other as one', () => {
  const runs = planRuns(found([pageAt(3, 0.24), pageAt(3, 0.9), pageAt(3, 0.3)], { points }));
  assert.deepEqual(
    runs.map(({ start, parts }) => [
      start - 3 * LENGTH,
      parts.map(({ from, upTo, pages, end, contentEnd }) => ({ from, upTo, pages: pages.length, end, contentEnd })),
    ]),
    [
      [
        LENGTH / 8,
        [
          {
            from: { end: 2 * CHECK_INTERVAL, checksum: 3 * 15 + 1 },
            upTo: { end: 5 * CHECK_INTERVAL, checksum: 3 * 15 + 4 },
            pages: 2,
            end: 3 * LENGTH + (LENGTH * 3) / 8,
            contentEnd: (MEMBER * 3) / 8,
          },
        ],
      ],
      [
        (LENGTH * 7) / 8,
        [
          {
            from: { end: 14 * CHECK_INTERVAL, checksum: 3 * 15 + 13 },
            upTo: { end: 15 * CHECK_INTERVAL, checksum: 3 * 15 + 14 },
            pages: 1,
            end: 4 * LENGTH,
            contentEnd: MEMBER,
          },
        ],
      ],
    ],
  );
  assert.ok(bytesOf(runs) < LENGTH / 3, `${bytesOf(runs)}`);
  const [last] = planRuns(found([pageAt(3, 0.98)], { points }));
  assert.deepEqual(
    [last?.start, last?.end, last?.parts[0]?.upTo],
    [3 * LENGTH + (LENGTH * 7) / 8, 4 * LENGTH, undefined],
  );
});

test('an access point without a checksum there is not used', () => {
  const others = points.map((each) => ({ ...each, distance: 2 * CHECK_INTERVAL + 1 }));
  for (const rest of [{ points: others }, { points, checks: undefined }]) {
    const [run] = planRuns(found([pageAt(3, 0.98)], rest));
    assert.deepEqual([run?.start, run?.end, run?.parts[0]?.from], [3 * LENGTH, 4 * LENGTH, undefined]);
  }
});

test('a page beyond the end is damage of the index', () => {
  assert.throws(() => planRuns(found([pageAt(MEMBERS, 0)])), IndexDamage);
  assert.throws(() => planRuns(found([{ page: pageAt(MEMBERS, 0) - 1, overflow: 1 }])), IndexDamage);
});

test('pages that begin before the contents, or are more than these hold, are damage of the index', () => {
  assert.throws(() => planRuns(found([{ page: -2 * PAGES_IN_MEMBER, overflow: 3 * PAGES_IN_MEMBER }])), IndexDamage);
  const long = [1, 2].map((page) => ({ page, overflow: pageAt(MEMBERS, 0) - 3 }));
  assert.throws(() => planRuns(found(long)), IndexDamage);
});
