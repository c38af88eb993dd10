import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import type { LifeState } from './life-state.ts';
import { type BegunCopy, beginCopy, type CopyCourse, endCopy } from './model-copy.ts';

/** A whole copy to the second store, or as much of it as it comes to. */
export function copyStore(life: LifeState, course: CopyCourse): void {
  const stores = { source: life.objects, target: life.copy.objects };
  const outcome = endCopy(stores, planCopyNow(life, course.maxBackups), course);
  const isWhole = outcome === 'done' && !life.isCopyUnmarked;
  life.copy = { ...life.copy, acknowledged: isWhole ? life.acknowledged : undefined };
}

/** Plans a copy of what the store holds now. */
export function planCopyNow(life: LifeState, maxBackups: number | undefined): BegunCopy {
  const isReadable = (each: StoredSnapshot): boolean => !life.isForged(each);
  const stores = { source: life.objects, target: life.copy.objects };
  return beginCopy(stores, { maxBackups, seconds: life.now, isReadable });
}

/** Goes on with what was planned earlier, if anything was. */
export function endBegunCopy(life: LifeState, course: CopyCourse): void {
  const begun = life.begunCopy;
  life.begunCopy = undefined;
  if (begun !== undefined) {
    endCopy({ source: life.objects, target: life.copy.objects }, begun, course);
    life.copy = { ...life.copy, acknowledged: undefined };
  }
}
