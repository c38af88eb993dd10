import { listed, nameText } from '../../operations/fleet/fleet-failure.ts';
import { countStates, type FleetReport, prefixStates, stateOf } from '../../operations/fleet/fleet-report.ts';
import type { LastProof } from '../../operations/fleet/last-proof.ts';
import type { PrefixReport } from '../../operations/fleet/prefix-report.ts';
import { countText, formatAge, formatBytes, formatCount } from '../../runtime/log/amount.ts';
import { type Column, type Report, tableLines } from './report.ts';

const columns: readonly Column[] = [
  { title: 'CLUSTER', align: 'left' },
  { title: 'STATE', align: 'left' },
  { title: 'REVISION', align: 'right' },
  { title: 'AGE', align: 'right' },
  { title: 'CHAIN', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'A DAY', align: 'right' },
  { title: 'PROVED', align: 'right' },
];

/** A fleet as a table and as data; of thousands of clusters only what is printed is made. */
export function fleetTable(report: FleetReport): Report {
  return {
    get table() {
      return tableOf(report);
    },
    get data() {
      return fleetData(report);
    },
  };
}

function tableOf(report: FleetReport): readonly string[] {
  const { prefixes, at } = report;
  const [head = '', ...rows] = tableLines(
    columns,
    prefixes.map((each) => row(each, at)),
  );
  const lines = rows.flatMap((line, index) => [line, ...remarksOn(prefixes[index]).map((text) => `    ${text}`)]);
  return [...(rows.length === 0 ? [] : [head, ...lines, '']), ...summaryLines(report)];
}

/** What is said of the fleet as a whole. */
function summaryLines(report: FleetReport): readonly string[] {
  const { location, prefixes } = report;
  const counts = countStates(prefixes);
  const states = prefixStates
    .filter((state) => counts[state] > 0)
    .map((state) => `${formatCount(counts[state])} ${state}`);
  const clusters = `${countText(prefixes.length, 'cluster')}${shareText(report)}`;
  return [`${location}: ${clusters}${states.length === 0 ? '' : `: ${states.join(', ')}`}`, ...lastRunLines(report)];
}

/** Which share of the fleet it is; empty for all of it. */
export function shareText({ shard }: FleetReport): string {
  return shard === undefined ? '' : `, share ${shard.index} of ${shard.count}`;
}

/** What is said of the last verification; nothing where none is recorded. */
export function lastRunLines({ lastRun, at }: FleetReport): readonly string[] {
  if (lastRun === undefined) {
    return [];
  }
  const { missing, shards, run, endedOn } = lastRun;
  const lost =
    missing.length === 0 ? '' : `; MISSING: ${countText(missing.length, 'shard')} of ${shards} (${listed(missing)})`;
  return [`Last verification: ${run}, ended ${formatAge(at / 1_000 - endedOn)} ago${lost}`];
}

/** What is remarkable about a cluster, a line each. */
export function remarksOn(prefix: PrefixReport | undefined): readonly string[] {
  if (prefix === undefined) {
    return [];
  }
  const { complaints, concurrentWriters, histories } = prefix;
  return [
    ...complaints.map(({ kind, text }) => `${kind}: ${text}`),
    ...(concurrentWriters === 0
      ? []
      : [`two writers: ${countText(concurrentWriters, 'delta')} of its newest chain overlap others`]),
    ...(histories > 1 ? [`${countText(histories, 'histories').replace(/s$/, '')}`] : []),
  ];
}

/** How old a time is for people. Seconds since the epoch, and now in ms. */
export function ageText(seconds: number | undefined, at: number): string {
  return seconds === undefined ? '?' : formatAge(at / 1_000 - seconds);
}

/** How long ago a proof was, for people. */
export function proofText(proof: LastProof | undefined, at: number): string {
  return proof === undefined ? 'never' : `${proof.sound ? '' : 'NO, '}${ageText(proof.on, at)}`;
}

/** The growth of a day for people. */
export function growthText(growth: number | undefined): string {
  return growth === undefined ? '' : `${growth < 0 ? '-' : '+'}${formatBytes(Math.abs(growth))}`;
}

function row(prefix: PrefixReport, at: number): readonly string[] {
  const { newest, growthPerDay, proof } = prefix;
  const state = stateOf(prefix);
  return [
    nameText(prefix.prefix),
    state === 'sound' ? state : state.toUpperCase(),
    newest === undefined ? '-' : String(newest.revision),
    newest === undefined ? '-' : ageText(newest.takenOn, at),
    newest === undefined ? '-' : formatCount(newest.snapshots),
    newest === undefined ? '-' : formatBytes(newest.bytes),
    growthText(growthPerDay),
    proofText(proof, at),
  ];
}

function fleetData(report: FleetReport): Readonly<Record<string, unknown>> {
  const { location, at, prefixes, shard, lastRun } = report;
  return {
    location,
    at: new Date(at).toISOString(),
    shard: shard ?? null,
    sound: prefixes.every((each) => stateOf(each) === 'sound'),
    states: countStates(prefixes),
    lastRun:
      lastRun === undefined
        ? null
        : {
            run: lastRun.run,
            shards: lastRun.shards,
            missingShards: lastRun.missing,
            startedOn: timeData(lastRun.startedOn),
            endedOn: timeData(lastRun.endedOn),
            failed: lastRun.failed,
          },
    clusters: prefixes.map((each) => prefixData(each, at)),
  };
}

function prefixData(prefix: PrefixReport, at: number): Readonly<Record<string, unknown>> {
  const { newest, gap, proof, growthPerDay, ...rest } = prefix;
  return {
    prefix: rest.prefix,
    state: stateOf(prefix),
    newestRevision: newest?.revision ?? null,
    stateOf: newest?.takenOn === undefined ? null : timeData(newest.takenOn),
    ageSeconds: newest?.takenOn === undefined ? null : Math.floor(at / 1_000 - newest.takenOn),
    chain: newest === undefined ? null : { snapshots: newest.snapshots, size: newest.bytes },
    missing: gap ?? null,
    concurrentWriters: rest.concurrentWriters,
    histories: rest.histories,
    snapshots: rest.snapshots,
    size: rest.bytes,
    growthPerDay: growthPerDay === undefined ? null : Math.round(growthPerDay),
    proof:
      proof === undefined
        ? null
        : {
            on: timeData(proof.on),
            level: proof.level,
            sound: proof.sound,
            revision: proof.revision ?? null,
            problems: proof.problems,
          },
    complaints: rest.complaints,
  };
}

function timeData(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
