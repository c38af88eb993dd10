import type { BackupCatalog } from '../../operations/list/list.ts';
import { countAre, countText, formatAge, formatBytes } from '../../runtime/log/amount.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import type { CatalogChain } from '../../snapshot/catalog.ts';
import { knownHistories } from '../../snapshot/history/histories.ts';
import type { FullFacts } from '../../snapshot/key-index/facts.ts';
import { restorableWindow } from '../../snapshot/restorable-window.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { Companion } from '../../snapstore/backups/companion-store.ts';
import type { EmptyStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { factsData, factsText } from './full-facts.ts';
import { historiesData, historyLines } from './histories.ts';
import { type Column, type Report, tableLines } from './report.ts';
import {
  noteData,
  noteText,
  overlapData,
  overlappingText,
  rangeText,
  snapshotData,
  timeText,
} from './snapshot-format.ts';

/** How a catalog is shown. */
export interface CatalogStyle {
  /** Now, ms since the epoch; ages are counted from it. */
  readonly now: number;
  /** Whether the table leaves out the middle of long chains. */
  readonly deltas: 'all' | 'shortened';
  /** Where fulls come from, by their keys; none when left out. */
  readonly origins?: ReadonlyMap<string, FullFacts>;
}

type Chain = CatalogChain<StoredSnapshot>;

/** A chain with more deltas than this is shortened. */
const MOST_SHOWN = 8;
const SHOWN_FIRST = 3;
const SHOWN_LAST = 3;

const COLUMNS: readonly Column[] = [
  { title: '  SNAPSHOT', align: 'left' },
  { title: 'TAKEN (UTC)', align: 'left' },
  { title: 'SIZE', align: 'right' },
];

/** A catalog as a table and as data. */
export function catalogReport(catalog: BackupCatalog, style: CatalogStyle): Report {
  const table = [
    ...historyLines(catalog.histories, catalog.history),
    ...chainTable(catalog, style),
    ...footer(catalog),
  ];
  return { table, data: catalogData(catalog, style) };
}

function chainTable(catalog: BackupCatalog, style: CatalogStyle): readonly string[] {
  const lines: string[] = [];
  for (const [at, chain] of catalog.chains.entries()) {
    const taken = at === catalog.chains.length - 1;
    const { leftBy, number: history } = catalog.history;
    const by = leftBy === undefined ? 'restore' : `restore --history ${history}`;
    lines.push(
      ...headlines(chain, { number: at + 1, taken: taken ? by : undefined, now: style.now }),
      ...chainLines(chain, style),
      '',
    );
  }
  return lines;
}

function headlines(
  chain: Chain,
  place: { readonly number: number /** By which command. */; readonly taken: string | undefined; readonly now: number },
): readonly string[] {
  const objects = chainObjects(chain);
  const age = formatAge(place.now / 1_000 - newestSeconds(objects));
  const size = formatBytes(sizeOf(objects));
  const reaches = chain.lastRevision === undefined ? 'no full' : `to revision ${chain.lastRevision}`;
  const facts = `Chain ${place.number}: ${reaches}, ${age} old, ${countText(objects.length, 'object')}, ${size}`;
  const outcome = isBroken(chain)
    ? `  BROKEN: ${place.taken} takes this one, and fails`
    : `  ${place.taken} takes this one`;
  return [
    facts,
    ...(place.taken === undefined ? [] : [outcome]),
    ...(chain.overlapping.length === 0 ? [] : [`  ${overlappingText(chain.overlapping)}`]),
  ];
}

function chainLines(chain: Chain, style: CatalogStyle): readonly string[] {
  const objects = chainObjects(chain);
  const [head = '', ...rows] = tableLines(COLUMNS, objects.map(row));
  const lines = rows.map((line, at) => [
    line,
    ...remarks(objects[at], chain, style).map((remark) => `      ${remark}`),
  ]);
  const hidden = style.deltas === 'all' ? 0 : Math.max(0, lines.length - SHOWN_FIRST - SHOWN_LAST);
  if (lines.length <= MOST_SHOWN || hidden === 0) {
    return [head, ...lines.flat()];
  }
  // Rows with remarks are always shown.
  const middle = lines.slice(SHOWN_FIRST, -SHOWN_LAST);
  const remarkable = middle.filter((each) => each.length > 1);
  const left = middle.length - remarkable.length;
  return [
    head,
    ...lines.slice(0, SHOWN_FIRST).flat(),
    `  ... ${countText(left, 'more delta')}, shown with --all`,
    ...remarkable.flat(),
    ...lines.slice(-SHOWN_LAST).flat(),
  ];
}

function row(snapshot: StoredSnapshot): readonly string[] {
  return [`  ${snapshot.name}`, timeText(snapshot.createdOn * 1_000), formatBytes(snapshot.size)];
}

function remarks(snapshot: StoredSnapshot | undefined, chain: Chain, { origins }: CatalogStyle): readonly string[] {
  if (snapshot === undefined) {
    return [];
  }
  const { missing, beyond } = chain;
  const origin = origins?.get(snapshot.key);
  return [
    ...(origin === undefined ? [] : [factsText(origin)]),
    ...(missing !== undefined && beyond[0] === snapshot ? [`${rangeText(missing)} missing before this delta`] : []),
    ...chain.notes.filter(({ delta }) => delta === snapshot).map(noteText),
    ...(snapshot.isFinal ? ['final'] : []),
    ...(snapshot.ahead === undefined ? [] : ['NAMED AHEAD OF THE CLOCK: the time in its name has not come yet']),
    ...(isTooSmall(snapshot) ? [`EMPTY: ${snapshot.size} bytes are no snapshot`] : []),
    ...(snapshot.immutableUntil === undefined ? [] : [`immutable until ${timeText(snapshot.immutableUntil)}`]),
  ];
}

function footer(catalog: BackupCatalog): readonly string[] {
  const { location, chains, excluded, parts, ignored, companions, empty } = catalog;
  const whole = chains.flatMap(chainObjects);
  const elsewhere = inOtherHistories(catalog);
  const marked = excluded.filter(({ ahead }) => ahead === undefined);
  const others = [
    ...(elsewhere.length === 0
      ? []
      : [`${countText(elsewhere.length, 'snapshot')} of other histories, ${formatBytes(sizeOf(elsewhere))}`]),
    ...(marked.length === 0 ? [] : [`${countText(marked.length, 'excluded snapshot')}`]),
    ...(parts.length === 0 ? [] : [`${countText(parts.length, 'part')} of larger objects`]),
    ...(ignored.length === 0 ? [] : [`${countText(ignored.length, 'object')} with other names`]),
  ];
  const what =
    whole.length === 0
      ? emptyText(empty, location)
      : `${countText(whole.length, 'snapshot')}, ${formatBytes(sizeOf(whole))}`;
  return [
    `${location}: ${what}`,
    ...windowLines(catalog),
    ...companionLines(companions),
    ...(others.length === 0 ? [] : [`Also there: ${others.join(', ')}`]),
    ...excluded
      .filter(({ ahead }) => ahead !== undefined)
      .map(({ name }) => `Not used: ${name} is named ahead of the clock, and others hold the same revisions`),
  ];
}

/** Whole snapshots that are in no chain which is shown. */
function inOtherHistories({ histories, history }: BackupCatalog): readonly StoredSnapshot[] {
  const shown = new Set(history.snapshots);
  const all = new Set(knownHistories(histories).flatMap(({ snapshots }) => snapshots));
  return [...all].filter((each) => !shown.has(each) && each.chunk === undefined && each.excluded !== true);
}

/** How far back a restore can go. */
function windowLines({ chains, history: { leftBy, number } }: BackupCatalog): readonly string[] {
  const window = restorableWindow(chains);
  if (window === undefined) {
    return [];
  }
  const [from, to] = [timeText(window.from * 1_000), timeText(window.to * 1_000)];
  return from === to
    ? []
    : [`Any moment from ${from} to ${to} UTC (${leftBy === undefined ? '' : `--history ${number} `}--to-time)`];
}

function windowData(chains: readonly Chain[]): { readonly from: string; readonly to: string } | null {
  const window = restorableWindow(chains);
  const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString();
  return window === undefined ? null : { from: iso(window.from), to: iso(window.to) };
}

/** Why a store shows no snapshot, and what to look at. */
function emptyText(empty: EmptyStore | undefined, location: string): string {
  switch (empty?.kind) {
    case undefined:
    case 'nothing stored':
      return 'no snapshot; check the container and --store-prefix';
    case 'no container':
      return 'it does not exist';
    case 'unproved':
      return `no snapshot is shown, but ${empty.reason}`;
    case 'remains':
      return `no snapshot, but ${countAre(empty.count, 'object')} there with names like those of a backup, such as ${empty.first}`;
    case 'directly here': {
      const [, layout] = /\/(v[12])$/.exec(location) ?? [];
      return layout === undefined
        ? 'no snapshot in v1 or v2; some are directly here: move them into a folder v2'
        : `no snapshot in a folder ${layout} below, but some directly here; give the directory above: leave out /${layout}`;
    }
    case 'other prefixes':
      return `no snapshot; the container holds some under ${empty.prefixes.map(prefixText).join(', ')}: check --store-prefix`;
    default:
      return empty satisfies never;
  }
}

function prefixText(prefix: string): string {
  return prefix === '' ? 'no prefix' : `"${prefix}"`;
}

function companionLines(companions: readonly Companion[]): readonly string[] {
  const newest = companions.at(-1);
  return newest === undefined
    ? []
    : [
        `Companions: ${countText(companions.length, 'archive')} of files, ${formatBytes(sizeOf(companions))}`,
        `  the newest is ${newest.name}, ${timeText(newest.createdOn * 1_000)}`,
      ];
}

function catalogData(catalog: BackupCatalog, { now, origins }: CatalogStyle): Readonly<Record<string, unknown>> {
  const { location, chains, excluded, parts, ignored, companions, empty } = catalog;
  const newest = chains.at(-1);
  return {
    location,
    ...(empty !== undefined && { empty }),
    restorable: newest !== undefined && !isBroken(newest),
    window: windowData(chains),
    history: catalog.history.number,
    ...historiesData(catalog.histories),
    inOtherHistories: inOtherHistories(catalog).length,
    concurrentWriters: chains.some(({ overlapping }) => overlapping.length > 0),
    lastRevision: newest?.lastRevision ?? null,
    chains: chains.map((chain) => ({
      restoreTakesThis: chain === newest,
      lastRevision: chain.lastRevision ?? null,
      size: sizeOf(chainObjects(chain)),
      ageSeconds: Math.floor(now / 1_000 - newestSeconds(chainObjects(chain))),
      full: chain.base === undefined ? null : { ...snapshotData(chain.base, now), ...originData(chain.base, origins) },
      deltas: chain.deltas.map((delta) => snapshotData(delta, now)),
      missing: chain.missing ?? null,
      notes: chain.notes.map(noteData),
      concurrentWriters: chain.overlapping.map(overlapData),
    })),
    excluded: excluded.map((snapshot) => snapshotData(snapshot, now)),
    parts: parts.length,
    companions: companions.map(({ name, key, size, lastRevision, createdOn }) => ({
      name,
      key,
      size,
      lastRevision,
      createdOn: new Date(createdOn * 1_000).toISOString(),
    })),
    ignored,
  };
}

function originData(full: StoredSnapshot, origins: CatalogStyle['origins']): { readonly origin?: object } {
  const facts = origins?.get(full.key);
  return facts === undefined ? {} : { origin: factsData(facts) };
}

/** Whether names and sizes alone show that a restore from a chain fails. */
function isBroken(chain: Chain): boolean {
  return chain.missing !== undefined || chainObjects(chain).some(isTooSmall);
}

/** Why the newest state cannot be restored, as far as names and sizes show; undefined when they do not. */
export function brokenNewest({ chains }: BackupCatalog): string | undefined {
  const newest = chains.at(-1);
  if (newest === undefined || !isBroken(newest)) {
    return undefined;
  }
  const empty = chainObjects(newest).find(isTooSmall);
  return empty === undefined
    ? `${newest.missing === undefined ? '' : rangeText(newest.missing)} missing in its newest chain`
    : `${empty.name} has only ${empty.size} bytes`;
}

function chainObjects(chain: Chain): readonly StoredSnapshot[] {
  return chain.base === undefined ? chain.deltas : [chain.base, ...chain.deltas];
}

function newestSeconds(objects: readonly StoredSnapshot[]): number {
  return objects.reduce((newest, each) => Math.max(newest, takenOn(each)), 0);
}

function sizeOf(objects: readonly { readonly size: number }[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}
