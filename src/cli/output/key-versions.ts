import { readStoredValue } from '../../kube/objects/stored-object.ts';
import type { KeyVersion, StateOrigin } from '../../operations/lookup/key-version.ts';
import { exactBytes } from '../../runtime/log/amount.ts';
import { printableJson } from '../../runtime/log/printable.ts';
import { keyData, keyText, valueData } from './key-text.ts';
import { keyValueLines } from './report.ts';
import { formatId } from './result.ts';
import { isHidden, objectYaml, type ValueStyle, valueFacts, valueFactsData, valueLines } from './value-text.ts';
import { formatYaml } from './yaml.ts';

/** A version of a key as JSON on one line. */
export function versionData(version: KeyVersion, state: StateOrigin): string {
  return printableJson(
    JSON.stringify({ ...versionFacts(version, state), ...shownValue(version, { showSecrets: true }) }),
  );
}

/**
 * A version of a key as a document of YAML: the object of Kubernetes that it is, as kubectl shows it; anything else as in JSON.
 * Secrets are left out as in text.
 */
export function versionYaml(version: KeyVersion, state: StateOrigin, style: ValueStyle): string {
  const stored = readStoredValue(version.value);
  const yaml = version.tombstone ? undefined : objectYaml(version.key, stored, style);
  return yaml ?? formatYaml({ ...versionFacts(version, state), ...shownValue(version, style) });
}

function versionFacts(
  { key, main, tombstone, createRevision, version, value, lease }: KeyVersion,
  state: StateOrigin,
): Readonly<Record<string, unknown>> {
  return {
    ...keyData(key),
    revision: main,
    deleted: tombstone,
    ...(tombstone
      ? {}
      : { createRevision, version, lease: leaseData(lease), size: value.length, ...valueFactsData(value) }),
    readAtRevision: state.revision,
    snapshots: state.snapshots.map(({ name }) => name),
  };
}

function shownValue({ key, value, tombstone }: KeyVersion, style: ValueStyle): Readonly<Record<string, unknown>> {
  if (tombstone) {
    return {};
  }
  return isHidden(key, readStoredValue(value), style) ? { hidden: true } : valueData(value);
}

/** A version of a key for a terminal: what is known of it, and then its value. */
export function versionLines(version: KeyVersion, state: StateOrigin, style: ValueStyle): readonly string[] {
  const { key, main, tombstone, createRevision, value, lease } = version;
  const known = keyValueLines([
    ['Key', keyText(key)],
    ['Revision', `${main}${main === state.revision ? '' : `, in the state of revision ${state.revision}`}`],
    ['Deleted', tombstone ? 'by this revision' : undefined],
    ['Created at', tombstone ? undefined : String(createRevision)],
    ['Version', tombstone ? undefined : String(version.version)],
    ['Lease', lease === 0n ? undefined : formatId(lease)],
    ...(tombstone ? [] : valueFacts(value)),
    ['Size', tombstone ? undefined : exactBytes(value.length)],
  ]);
  if (tombstone) {
    return known;
  }
  const { lines, shown } = valueLines(key, value, style);
  return [...known, ...(shown ? lines : [`${lines[0] ?? ''}${hint(lines[0])}`])];
}

/** A lease as scripts get it; null for none. */
export function leaseData(lease: bigint): string | null {
  return lease === 0n ? null : formatId(lease);
}

function hint(line: string | undefined): string {
  return line?.includes('no text') === true ? ': -o raw writes them, -o json has them in base64' : '';
}
