import type { RevisionRange } from './cover.ts';

/** Revisions in a sentence: `revision 63`, `revisions 90 to 119`. */
export function revisionsText({ from, to }: RevisionRange): string {
  return from === to ? `revision ${from}` : `revisions ${from} to ${to}`;
}

/** The same as the subject of a sentence: `revision 63 is`, `revisions 90 to 119 are`. */
export function revisionsAre(range: RevisionRange): string {
  return `${revisionsText(range)} ${range.from === range.to ? 'is' : 'are'}`;
}
