import { type ObjectPlace, placeOf } from '../../kube/objects/object-place.ts';
import { pluralOf } from '../../kube/objects/plural.ts';
import { readStoredValue } from '../../kube/objects/stored-object.ts';
import type { ExportedKey } from '../../operations/export/exported-key.ts';
import type { KeyDifference } from '../../operations/lookup/compare-states.ts';
import { formatCount } from '../../runtime/log/amount.ts';
import { printable, printableJson } from '../../runtime/log/printable.ts';
import { keyData } from './key-text.ts';
import { type Column, tableLines } from './report.ts';

type Format = 'text' | 'json';

/** The line above {@link objectRow}. */
export const objectHead = row('NAMESPACE', 'KIND', 'SIZE', 'REVISION', 'NAME');

/** An object of a listing. Columns have a fixed width, as rows come one by one. */
export function objectRow({ key, value, modRevision, createRevision }: ExportedKey, format: Format): string {
  const stored = readStoredValue(value);
  const place = placeOf(key, stored);
  if (format === 'json') {
    const facts = { ...placeData(place), encrypted: stored.kind === 'encrypted', size: value.length };
    return printableJson(JSON.stringify({ ...facts, revision: modRevision, createRevision, ...keyData(key) }));
  }
  const note = stored.kind === 'encrypted' ? '  (encrypted)' : '';
  return row(
    place.namespace || '-',
    place.kind || '-',
    String(value.length),
    String(modRevision),
    `${place.name}${note}`,
  );
}

/** Where counted objects are, and whether they are encrypted: only their keys say then what they are, with the name of the resource. */
interface CountedPlace {
  readonly place: ObjectPlace;
  readonly isEncrypted: boolean;
}

function kindText(kind: string, isEncrypted: boolean): string {
  return `${kind}${isEncrypted ? ' (encrypted)' : ''}`;
}

/** Objects counted by kind, and by namespace where `depth` is more than 1. */
export class ObjectGroups {
  readonly #depth: number;
  readonly #groups = new Map<string, CountedPlace & { objects: number; bytes: number }>();

  constructor(depth: number) {
    this.#depth = depth;
  }

  add({ key, value }: ExportedKey): void {
    const stored = readStoredValue(value);
    const found = placeOf(key, stored);
    const place = { ...found, name: '', namespace: this.#depth > 1 ? found.namespace : '' };
    const isEncrypted = stored.kind === 'encrypted';
    const id = JSON.stringify([isEncrypted, place]);
    const group = this.#groups.get(id) ?? { place, isEncrypted, objects: 0, bytes: 0 };
    group.objects++;
    group.bytes += value.length;
    this.#groups.set(id, group);
  }

  lines(format: Format): readonly string[] {
    const groups = [...this.#groups.values()].toSorted((a, b) => byPlace(a.place, b.place));
    if (format === 'json') {
      return groups.map(({ place, isEncrypted: encrypted, objects, bytes }) =>
        printableJson(JSON.stringify({ ...placeData(place), name: undefined, encrypted, objects, size: bytes })),
      );
    }
    const columns: readonly Column[] = [
      { title: 'OBJECTS', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'KIND', align: 'left' },
      ...(this.#depth > 1 ? [{ title: 'NAMESPACE', align: 'left' } as const] : []),
      { title: 'API', align: 'left' },
    ];
    return tableLines(
      columns,
      groups.map(({ place, isEncrypted, objects, bytes }) => [
        String(objects),
        String(bytes),
        kindText(place.kind, isEncrypted),
        ...(this.#depth > 1 ? [place.namespace || '-'] : []),
        place.apiVersion || '-',
      ]),
    );
  }
}

/** Differences counted by change, kind and namespace. */
export class ObjectChanges {
  readonly #counts = new Map<string, CountedPlace & { readonly change: KeyDifference['kind']; count: number }>();

  add(difference: KeyDifference): void {
    const { value } = difference.kind === 'deleted' ? difference.before : difference.after;
    const stored = readStoredValue(value);
    const place = { ...placeOf(difference.key, stored), name: '' };
    const isEncrypted = stored.kind === 'encrypted';
    const id = JSON.stringify([difference.kind, isEncrypted, place]);
    const group = this.#counts.get(id) ?? { change: difference.kind, place, isEncrypted, count: 0 };
    group.count++;
    this.#counts.set(id, group);
  }

  lines(format: Format): readonly string[] {
    const order = { deleted: 0, changed: 1, added: 2 } as const;
    const groups = [...this.#counts.values()].toSorted(
      (a, b) => order[a.change] - order[b.change] || byPlace(a.place, b.place),
    );
    return groups.map(({ change, place, isEncrypted, count }) => {
      if (format === 'json') {
        const data = { change, ...placeData(place), name: undefined, encrypted: isEncrypted, objects: count };
        return printableJson(JSON.stringify(data));
      }
      const kind = kindText(count === 1 ? place.kind : pluralOf(place.kind), isEncrypted);
      const where = place.namespace === '' ? '' : ` in namespace ${place.namespace}`;
      return printable(`${formatCount(count)} ${kind} ${change}${where}`);
    });
  }
}

function placeData({ apiVersion, kind, namespace, name }: ObjectPlace): Readonly<Record<string, unknown>> {
  return { apiVersion, kind, namespace: namespace === '' ? null : namespace, name };
}

function byPlace(a: ObjectPlace, b: ObjectPlace): number {
  return compare(a.kind, b.kind) || compare(a.apiVersion, b.apiVersion) || compare(a.namespace, b.namespace);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function row(namespace: string, kind: string, size: string, revision: string, name: string): string {
  return printable(
    `${namespace.padEnd(24)}  ${kind.padEnd(24)}  ${size.padStart(8)}  ${revision.padStart(10)}  ${name}`,
  );
}
