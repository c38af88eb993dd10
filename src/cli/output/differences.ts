import { structuredPatch } from 'diff';
import { readStoredValue } from '../../kube/objects/stored-object.ts';
import type { KeptVersion, KeyDifference, StatePair } from '../../operations/lookup/compare-states.ts';
import { countText } from '../../runtime/log/amount.ts';
import { printableJson } from '../../runtime/log/printable.ts';
import { keyData, keyText, valueData } from './key-text.ts';
import { isHidden, type ValueStyle, valueFactsData, valueLines } from './value-text.ts';

/** Longer values are not compared line by line, bytes. */
const LONGEST_COMPARED = 256 * 1024;

/** Values that differ in more lines are not shown, as that would take long. */
const MOST_EDITS = 2_000;

const SIGNS = { added: '+', changed: '~', deleted: '-' } as const;

/** A difference as JSON on one line. */
export function differenceData(difference: KeyDifference): string {
  const { kind, key } = difference;
  return printableJson(
    JSON.stringify({
      change: kind,
      ...keyData(key),
      before: kind === 'added' ? null : sideData(difference.before),
      after: kind === 'deleted' ? null : sideData(difference.after),
    }),
  );
}

/** A difference for a terminal: the key, and what has changed in a value that is a text. */
export function differenceLines(difference: KeyDifference, style: ValueStyle): readonly string[] {
  const { kind, key } = difference;
  const head = `${SIGNS[kind]} ${keyText(key)}`;
  switch (kind) {
    case 'added':
      return [`${head}  (revision ${difference.after.main}, ${countText(difference.after.value.length, 'byte')})`];
    case 'deleted':
      return [`${head}  (revision ${difference.before.main}, ${countText(difference.before.value.length, 'byte')})`];
    case 'changed': {
      const { before, after } = difference;
      const sizes = `${before.value.length} to ${countText(after.value.length, 'byte')}`;
      return [`${head}  (revision ${before.main} to ${after.main}, ${sizes})`, ...changedLines(difference, style)];
    }
    default:
      return difference satisfies never;
  }
}

/** Counts differences for the last line. */
export class DifferenceCount {
  #added = 0;
  #changed = 0;
  #deleted = 0;

  add({ kind }: KeyDifference): void {
    this.#added += kind === 'added' ? 1 : 0;
    this.#changed += kind === 'changed' ? 1 : 0;
    this.#deleted += kind === 'deleted' ? 1 : 0;
  }

  /** Whether there was none. */
  get isEmpty(): boolean {
    return this.#added + this.#changed + this.#deleted === 0;
  }

  text({ before, after }: StatePair): string {
    const counts = `${countText(this.#added, 'key')} added, ${this.#changed} changed, ${this.#deleted} deleted`;
    return `${counts}, from revision ${before.revision} to revision ${after.revision}`;
  }
}

function sideData({ main, createRevision, version, value }: KeptVersion): Readonly<Record<string, unknown>> {
  return { revision: main, createRevision, version, size: value.length, ...valueFactsData(value), ...valueData(value) };
}

function changedLines(
  { key, before, after }: Extract<KeyDifference, { readonly kind: 'changed' }>,
  style: ValueStyle,
): readonly string[] {
  const [old, young] = [valueLines(key, before.value, style), valueLines(key, after.value, style)];
  if ([before, after].some(({ value }) => isHidden(key, readStoredValue(value), style))) {
    return [`    ${(old.shown ? young : old).lines[0] ?? ''}`];
  }
  if (!old.shown || !young.shown || Math.max(before.value.length, after.value.length) > LONGEST_COMPARED) {
    return [];
  }
  const patch = structuredPatch('', '', old.lines.join('\n'), young.lines.join('\n'), '', '', {
    context: 3,
    maxEditLength: MOST_EDITS,
  });
  return (patch?.hunks ?? []).flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `    @@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines.map((line) => `    ${line}`),
  ]);
}
