import { Failure } from '../../runtime/failure.ts';
import { countText, formatCount } from '../../runtime/log/amount.ts';
import type { Bucket, CallOptions } from '../../snapstore/bucket.ts';
import { type FleetReport, stateOf } from './fleet-report.ts';

/** So many prefixes are named in a message. */
const mostNamed = 3;
const longestName = 80;

/** The failure of a container that holds more prefixes than fit into memory. */
export function tooManyPrefixes(location: string, most: number): Failure {
  return new Failure({
    code: 'fleet_incomplete',
    action: 'look at the fleet in',
    object: location,
    found: `it holds more than ${formatCount(most)} prefixes with backups`,
    remedy: 'take a part of them with --store-prefix or --prefix-glob',
  });
}

/** Where nothing was found: throws a {@link Failure} when the container is not even there. */
export async function refuseAbsent(bucket: Bucket, location: string, options: CallOptions): Promise<void> {
  if ((await bucket.exists?.(options)) === false) {
    throw new Failure({
      code: 'no_backup',
      action: 'find a cluster in',
      object: location,
      found: 'it does not exist',
      remedy: 'check --store-container, and whether its volume is mounted',
    });
  }
}

/** The failure of a container in which no cluster is found. */
export function nothingFound(location: string): Failure {
  return new Failure({
    code: 'no_backup',
    action: 'find a cluster in',
    object: location,
    found: 'it holds no prefix with backups that is wanted',
    remedy: 'check the container, --store-prefix and --prefix-glob',
  });
}

/** The failure with which a report ends, so that a script notices; undefined when all is well. */
export function failureOf(
  report: FleetReport,
  { needsShards }: { readonly needsShards: boolean },
): Failure | undefined {
  const { location, prefixes, shard, lastRun } = report;
  const object = location;
  const wrong = prefixes.filter((each) => stateOf(each) !== 'sound');
  if (wrong.length > 0) {
    const named = wrong.slice(0, mostNamed).map((each) => `${nameText(each.prefix)} is ${stateOf(each)}`);
    const rest = wrong.length > mostNamed ? `, and ${formatCount(wrong.length - mostNamed)} more` : '';
    return new Failure({
      code: 'fleet_unsound',
      action: 'vouch for the fleet in',
      object,
      found: `${formatCount(wrong.length)} of ${countText(prefixes.length, 'cluster')} ${wrong.length === 1 ? 'needs' : 'need'} attention: ${named.join(', ')}${rest}`,
      remedy: 'see the report, and etcdbrctl verify --store-prefix PREFIX',
    });
  }
  if (prefixes.length === 0 && shard === undefined) {
    return nothingFound(location);
  }
  if (needsShards && lastRun !== undefined && lastRun.missing.length > 0) {
    return new Failure({
      code: 'fleet_incomplete',
      action: 'vouch for the fleet in',
      object,
      found: `${countText(lastRun.missing.length, 'shard')} of ${lastRun.shards} wrote no result: ${listed(lastRun.missing)}`,
      remedy: 'see the pods of the job, and run those shards again',
    });
  }
  return undefined;
}

/** A prefix in a message: cut, and quoted where it is empty or has blanks. */
export function nameText(prefix: string): string {
  const cut = prefix.length > longestName ? `${prefix.slice(0, longestName - 1)}…` : prefix;
  return /^[\w./-]+$/.test(cut) ? cut : JSON.stringify(cut);
}

/** The first of many numbers. */
export function listed(numbers: readonly number[]): string {
  const most = 10;
  return numbers.length > most ? `${numbers.slice(0, most).join(', ')}, …` : numbers.join(', ');
}
