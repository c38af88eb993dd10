import type { RestorePlan } from '../../operations/restore/plan.ts';
import { countText, formatBytes } from '../../runtime/log/amount.ts';
import { printable, printableJson } from '../../runtime/log/printable.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { tableLines } from './report.ts';
import { noteData, noteText, rangeText, snapshotData, timeText } from './snapshot-format.ts';
import { stateTime } from './state-time.ts';

/** A plan as text for stdout: a table of the snapshots in the order they are used, or JSON on one line. */
export function planResult(
  plan: RestorePlan,
  style: { readonly format: 'text' | 'json'; readonly now: number },
): string {
  return style.format === 'json'
    ? `${printableJson(JSON.stringify(planData(plan, style.now)))}\n`
    : planLines(plan)
        .map((line) => `${printable(line)}\n`)
        .join('');
}

function planLines(plan: RestorePlan): readonly string[] {
  const { base, deltas, lastRevision, until, bytes, missing, beyond, unrecorded, notes } = plan;
  const used = [base, ...deltas];
  const state = stateTime(
    used.map(({ name }) => name),
    lastRevision,
  );
  const [head = '', ...rows] = tableLines(
    [
      { title: '  SNAPSHOT', align: 'left' },
      { title: 'TAKEN (UTC)', align: 'left' },
      { title: 'SIZE', align: 'right' },
    ],
    used.map(({ name, createdOn, size, unnamed }) => [
      `  ${name}`,
      unnamed ? '-' : timeText(createdOn * 1_000),
      formatBytes(size),
    ]),
  );
  const last = used.at(-1);
  const isCut = lastRevision !== undefined && last !== undefined && last.lastRevision > lastRevision;
  const cut = last?.kind === 'Full' ? 'cut back to revision' : 'used up to revision';
  const limits = last?.kind === 'Full' ? ', if its history was not compacted after that' : '';
  const reached = lastRevision ?? 'that of the database, read when it is restored';
  return [
    `From:      ${plan.location}`,
    `Revision:  ${reached}${until === undefined || missing === undefined ? '' : ` of ${until} wanted`}`,
    ...(state === undefined ? [] : [`State of:  ${state}`]),
    `To fetch:  ${countText(used.length, 'object')}, ${formatBytes(bytes)}`,
    '',
    head,
    ...rows.flatMap((row, at) => [row, ...remarksOn(used[at], plan)]),
    ...(isCut ? [`      ${cut} ${lastRevision}${limits}`] : []),
    ...notes
      .filter(({ delta }) => !deltas.includes(delta))
      .flatMap((note) => [`  ${note.delta.name}`, `      ${noteText(note)}`]),
    ...plan.doubts.map(
      ({ full, before }) =>
        `  TWO HISTORIES? ${full.name} was taken after ${before.at(-1)?.name}, but ends before it; restore compares them`,
    ),
    ...(missing === undefined
      ? []
      : [`  ${rangeText(missing)} missing${beyond === undefined ? '' : ` before ${beyond.name}`}`]),
    ...(unrecorded === undefined
      ? []
      : [
          `  When ${rangeText(unrecorded).replace(/ (is|are)$/, '')} came is not recorded: their deltas are gone; --to-revision gives any that a later full still holds`,
        ]),
  ];
}

function remarksOn(snapshot: StoredSnapshot | undefined, { notes }: RestorePlan): readonly string[] {
  return notes.filter(({ delta }) => delta === snapshot).map((note) => `      ${noteText(note)}`);
}

function planData(plan: RestorePlan, now: number): Readonly<Record<string, unknown>> {
  const { location, base, deltas, lastRevision, until, bytes, missing, unrecorded, notes } = plan;
  return {
    location,
    history: plan.history,
    restorable: missing === undefined,
    suspectedForks: plan.doubts.map(({ full, before }) => ({
      full: full.name,
      before: before.map(({ name }) => name),
    })),
    revision: lastRevision ?? null,
    until: until ?? null,
    stateOf:
      stateTime(
        [base, ...deltas].map(({ name }) => name),
        lastRevision,
      ) ?? null,
    bytes,
    base: snapshotData(base, now),
    deltas: deltas.map((delta) => snapshotData(delta, now)),
    missing: missing ?? null,
    unrecorded: unrecorded ?? null,
    notes: notes.map(noteData),
  };
}
