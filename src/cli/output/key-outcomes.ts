import { isSurprise, type KeyOutcome, type Surprise } from '../../operations/apply/key-outcome.ts';
import { countText } from '../../runtime/log/amount.ts';
import { printableJson } from '../../runtime/log/printable.ts';
import { keyData, keyText } from './key-text.ts';

/** As wide as the longest of the words. */
const WIDTH = 9;

/** What was found of a key or done about it, as JSON on one line. */
export function outcomeData(outcome: KeyOutcome): string {
  const { kind, key, size } = outcome;
  const revision = 'revision' in outcome ? { revision: outcome.revision } : {};
  return printableJson(JSON.stringify({ ...keyData(key), action: kind, size, ...revision }));
}

/** The same for a terminal. */
export function outcomeLine(outcome: KeyOutcome): string {
  const { kind, key, size } = outcome;
  const details = [
    countText(size, 'byte'),
    ...('revision' in outcome && outcome.revision > 0 ? [`revision ${outcome.revision}`] : []),
  ];
  return `${kind.padEnd(WIDTH)}  ${keyText(key)}  (${details.join(', ')})`;
}

/** Counts outcomes for the last line. */
export class OutcomeCount {
  readonly #counts = new Map<KeyOutcome['kind'], number>();
  #first: Surprise | undefined;
  #surprises = 0;

  add(outcome: KeyOutcome): void {
    this.#counts.set(outcome.kind, this.#of(outcome.kind) + 1);
    if (isSurprise(outcome)) {
      this.#first ??= outcome;
      this.#surprises++;
    }
  }

  /** The first surprise, and how many followed it. */
  get surprises(): { readonly first: Surprise | undefined; readonly others: number } {
    return { first: this.#first, others: Math.max(0, this.#surprises - 1) };
  }

  /** `planned` is what would be done, `done` what was. */
  text(tense: 'planned' | 'done'): string {
    const writes =
      tense === 'done'
        ? [`${countText(this.#of('created'), 'key')} created`, this.#part('replaced', 'replaced')]
        : [`${countText(this.#of('create'), 'key')} would be created`, this.#part('replace', 'replaced')];
    const rest = [
      this.#part('present', 'already there'),
      this.#part('left', 'there with another value and left alone'),
      this.#part('conflict', 'there with another value'),
      this.#part('too large', 'too large for etcd'),
      this.#part('being deleted', 'being deleted already'),
    ];
    const all = [...writes, ...rest].filter((part) => part !== undefined).join(', ');
    if (tense === 'done') {
      return all;
    }
    return this.#of('create') + this.#of('replace') === 0
      ? `${all}; there is nothing to write`
      : `${all}; nothing was written, --yes does it`;
  }

  #of(kind: KeyOutcome['kind']): number {
    return this.#counts.get(kind) ?? 0;
  }

  #part(kind: KeyOutcome['kind'], text: string): string | undefined {
    return this.#of(kind) === 0 ? undefined : `${this.#of(kind)} ${text}`;
  }
}
