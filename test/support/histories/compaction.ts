import { revision } from '../../../src/revision.ts';
import { beginsHistory } from '../../../src/snapshot/history/history-marker.ts';
import { newSnapshot, relativeKey } from '../../../src/snapshot/name.ts';
import type { LifeState } from './life-state.ts';

/** Reads what is stored now; nothing is made of it where it is in doubt. */
export function beginCompaction(life: LifeState): void {
  const { living, suspected } = life.histories;
  const used = living.snapshots.filter(
    (each) => !life.isForged(each) && each.lastRevision <= life.acknowledged.length + 1,
  );
  // What is in doubt is refused, or may be another line than that of the cluster.
  const isPlain = !(life.wasPutBackUnseen || life.namedBehind || used.some(({ ahead }) => ahead !== undefined));
  life.compaction =
    isPlain && suspected.length === 0 ? { used, content: life.acknowledged, markers: life.markers.length } : undefined;
}

/** Ours names it after what it was made of, and gives up where that was left meanwhile; Go takes the time of the end. */
export function endCompaction(life: LifeState): void {
  const compaction = life.compaction;
  life.compaction = undefined;
  if (compaction === undefined) {
    return;
  }
  const { used, content, markers } = compaction;
  const since = life.markers.slice(markers).filter(beginsHistory);
  if (life.program === 'ours' && since.some(({ shared }) => shared < content.length + 1)) {
    return;
  }
  const youngest = used.reduce((most, { createdOn }) => Math.max(most, createdOn), 0);
  const createdOn = life.program === 'ours' ? youngest + 1 : life.now;
  const facts = { kind: 'Full', startRevision: revision(0), isFinal: false, compression: 'none' } as const;
  const full = newSnapshot({ ...facts, lastRevision: revision(content.length + 1), createdOn });
  if (!life.contents.has(full.name)) {
    life.objects.put({ ...full, key: relativeKey(full), size: 10_000 });
    life.contents.set(full.name, content);
    life.compactions.add(full.name);
  }
}
