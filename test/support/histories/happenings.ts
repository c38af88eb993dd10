import type { RetentionPolicy } from '../../../src/retention/request.ts';
import { fc } from '../fuzz/seeded-properties.ts';
import type { CopyCourse } from './model-copy.ts';

/** What one revision did; no two changes that were ever made are the same. */
export type Change = string;

/** One thing that happens in the life of a cluster and its backup. */
export type Happening =
  | { readonly what: 'write'; readonly changes: number }
  /** `isForgotten`: the upload has ended, and its writer does not know it: it begins again where it was. */
  | { readonly what: 'delta'; readonly writer: 'ours' | 'second'; readonly isForgotten?: boolean }
  | { readonly what: 'full' }
  | { readonly what: 'roll back'; readonly by: number; readonly endsWith?: LastStep | undefined }
  | { readonly what: 'rebuild'; readonly endsWith?: LastStep | undefined }
  /** It is put back, goes on beyond what is stored, and is compacted to its end before a snapshotter sees it: nothing tells. */
  | { readonly what: 'put back unseen'; readonly by: number; readonly beyond: number }
  | { readonly what: 'clock'; readonly seconds: number }
  | {
      readonly what: 'collect';
      readonly policy: RetentionPolicy;
      /** `prune` knows no more than what it has read; the snapshotter when left out. */
      readonly by?: 'prune';
      /** Its process is killed after so many deletions; left out for none. */
      readonly stopsAfter?: number | undefined;
    }
  /** Another garbage collection, which has planned what goes, and is slow. */
  | { readonly what: 'begin collection'; readonly policy: RetentionPolicy }
  | { readonly what: 'end collection' }
  | ({ readonly what: 'copy' } & CopyCourse)
  /** Another copy to the same place, which has planned what it does, and is slow. */
  | { readonly what: 'begin copy' }
  | ({ readonly what: 'end copy' } & CopyCourse)
  /** The store is lost, and what was copied takes its place; or a version of the store itself that was kept. */
  | { readonly what: 'bring back'; readonly from: 'copy' | 'version' }
  | { readonly what: 'keep version' }
  /** The other program is started in place of the one that ran: only in lives under both. */
  | { readonly what: 'change program' }
  /** Somebody deletes an object by hand: only in lives that say so. */
  | { readonly what: 'delete by hand'; readonly at: number; readonly of: 'snapshots' | 'markers' }
  /** A lifecycle rule deletes what was stored first, before the newest full. */
  | { readonly what: 'expire'; readonly objects: number }
  /** Another process makes one full of what is stored; others go on meanwhile. */
  | { readonly what: 'begin compaction' }
  | { readonly what: 'end compaction' }
  | {
      readonly what: 'forge';
      readonly kind: 'Full' | 'Incr';
      readonly lastRevision: number;
      /** Seconds ahead of the clock. */
      readonly ahead: number;
      readonly size: number;
    };

/** After which step of the begin of a new history its process is killed. */
export type LastStep = 'announcement' | 'full' | 'marker';

/** Seconds; a clock that is further ahead is put right. */
export const DAY = 86_400;

const lastStep = fc.constantFrom<(LastStep | undefined)[]>(undefined, undefined, 'announcement', 'full', 'marker');

const policy = fc.oneof(
  fc.constant({ kind: 'Exponential' } as const),
  fc.record({ kind: fc.constant('LimitBased' as const), maxBackups: fc.integer({ min: 1, max: 3 }) }),
);

const course = {
  maxBackups: fc.constantFrom(undefined, undefined, 1, 2),
  stopsAfter: fc.constantFrom(undefined, undefined, 1, 2, 3, 4, 5, 7),
  turns: fc.integer({ min: 0, max: 1_000 }),
};

const anyHappening: fc.WeightedArbitrary<Happening>[] = [
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('write' as const), changes: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      what: fc.constant('delta' as const),
      writer: fc.constantFrom('ours' as const, 'ours' as const, 'second' as const),
      isForgotten: fc.constantFrom(false, false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ what: 'full' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('roll back' as const),
      by: fc.integer({ min: 1, max: 9 }),
      endsWith: lastStep,
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('rebuild' as const), endsWith: lastStep }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('put back unseen' as const),
      by: fc.integer({ min: 1, max: 9 }),
      beyond: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('clock' as const),
      seconds: fc.constantFrom(-100 * DAY, -2 * DAY, -3_000, -90, -2, 4_000, 2 * DAY, 100 * DAY),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('collect' as const),
      policy,
      stopsAfter: fc.constantFrom(undefined, undefined, 1, 2, 4),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('collect' as const), policy, by: fc.constant('prune' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('begin collection' as const), policy }) },
  { weight: 1, arbitrary: fc.constant({ what: 'end collection' } as const) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('copy' as const), ...course }) },
  { weight: 1, arbitrary: fc.constant({ what: 'begin copy' } as const) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('end copy' as const), ...course }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('bring back' as const),
      from: fc.constantFrom('copy' as const, 'version' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'keep version' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('expire' as const), objects: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'begin compaction' } as const) },
  { weight: 1, arbitrary: fc.constant({ what: 'end compaction' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('forge' as const),
      kind: fc.constantFrom('Full' as const, 'Full' as const, 'Incr' as const),
      lastRevision: fc.constantFrom(1, 5, 9, 14, 20, 60, Number.MAX_SAFE_INTEGER - 1),
      ahead: fc.constantFrom(0, 600, 2 * DAY, 1_000 * DAY),
      size: fc.constantFrom(0, 20, 10_000),
    }),
  },
];

/** Lives of any kind. */
export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(fc.oneof(...anyHappening), { maxLength: 45 });

/** The same, in which our program and the Go program take turns. */
export const underBoth: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(...anyHappening, { weight: 2, arbitrary: fc.constant({ what: 'change program' } as const) }),
  { maxLength: 45 },
);

/** The same, in which somebody deletes objects by hand. */
export const withDeletions: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(...anyHappening, {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('delete by hand' as const),
      at: fc.integer({ min: 0, max: 1_000 }),
      of: fc.constantFrom('snapshots' as const, 'snapshots' as const, 'markers' as const),
    }),
  }),
  { maxLength: 45 },
);
