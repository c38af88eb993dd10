import { countStates, type FleetReport, prefixStates, stateOf } from '../../operations/fleet/fleet-report.ts';
import type { PrefixReport } from '../../operations/fleet/prefix-report.ts';
import { printable } from '../../runtime/log/printable.ts';

/** A series of each cluster; clusters without a value are left out. */
interface PrefixSeries {
  readonly name: string;
  readonly help: string;
  value(prefix: PrefixReport): number | undefined;
}

const series: readonly PrefixSeries[] = [
  {
    name: 'sound',
    help: 'Whether nothing is wrong with the backups of a cluster.',
    value: (each) => Number(stateOf(each) === 'sound'),
  },
  {
    name: 'newest_revision',
    help: 'The newest revision that can be restored, by the names of its objects.',
    value: ({ newest }) => newest?.revision,
  },
  {
    name: 'newest_state_timestamp_seconds',
    help: 'When the newest state that can be restored was stored.',
    value: ({ newest }) => newest?.takenOn,
  },
  { name: 'chain_snapshots', help: 'Snapshots of the newest chain.', value: ({ newest }) => newest?.snapshots },
  { name: 'chain_size_bytes', help: 'Bytes of the newest chain as stored.', value: ({ newest }) => newest?.bytes },
  { name: 'stored_size_bytes', help: 'Bytes of all snapshots as stored.', value: ({ bytes }) => bytes },
  { name: 'growth_bytes_per_day', help: 'By how much fulls have grown.', value: ({ growthPerDay }) => growthPerDay },
  {
    name: 'gap',
    help: 'Whether revisions are missing in the newest chain.',
    value: ({ gap }) => Number(gap !== undefined),
  },
  {
    name: 'concurrent_writer_deltas',
    help: 'Deltas of the newest chain that overlap others.',
    value: (each) => each.concurrentWriters,
  },
  {
    name: 'last_proof_timestamp_seconds',
    help: 'When the last recorded verification ended.',
    value: ({ proof }) => proof?.on,
  },
  {
    name: 'last_proof_sound',
    help: 'Whether the last recorded verification found nothing wrong.',
    value: ({ proof }) => (proof === undefined ? undefined : Number(proof.sound)),
  },
  {
    name: 'proved_revision',
    help: 'The last revision that was proved to be restorable.',
    value: ({ proof }) => proof?.revision,
  },
];

/** A fleet in the text format of Prometheus. */
export function fleetMetrics({ prefixes, at, lastRun }: FleetReport): string {
  const counts = countStates(prefixes);
  const lines: string[] = [
    ...head('clusters', 'Clusters by the worst that is wrong with their backups.'),
    ...prefixStates.map((state) => `etcdbr_fleet_clusters{state="${state}"} ${counts[state]}`),
    ...head('report_timestamp_seconds', 'When this was found out.'),
    `etcdbr_fleet_report_timestamp_seconds ${at / 1_000}`,
  ];
  if (lastRun !== undefined) {
    lines.push(
      ...head('shards', 'Shards of the last verification.'),
      `etcdbr_fleet_shards ${lastRun.shards}`,
      ...head('shards_missing', 'Shards of the last verification that wrote no result.'),
      `etcdbr_fleet_shards_missing ${lastRun.missing.length}`,
    );
  }
  const labels = prefixes.map(({ prefix }) => labelValue(prefix));
  for (const { name, help, value } of series) {
    const values = prefixes.flatMap((each, index) => {
      const number = value(each);
      return number === undefined ? [] : `etcdbr_fleet_${name}{prefix="${labels[index]}"} ${number}`;
    });
    lines.push(...(values.length === 0 ? [] : [...head(name, help), ...values]));
  }
  return `${lines.join('\n')}\n`;
}

function head(name: string, help: string): readonly string[] {
  return [`# HELP etcdbr_fleet_${name} ${help}`, `# TYPE etcdbr_fleet_${name} gauge`];
}

/**
 * Escaped as the text format wants it; what cannot be seen is escaped before. Backslashes of the name are doubled for that, so that two names
 * never have one label: Prometheus refuses all of a text that has a series twice.
 */
function labelValue(text: string): string {
  return printable(text.replaceAll('\\', '\\\\')).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
