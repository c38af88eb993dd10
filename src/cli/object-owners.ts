import { placeOf } from '../kube/objects/object-place.ts';
import { readStoredValue } from '../kube/objects/stored-object.ts';
import type { ExportedKey } from '../operations/export/exported-key.ts';
import type { Belonging } from '../operations/export/owners-first.ts';

/** Without them others cannot be. Kinds, and the resources in keys: of what is encrypted these tell as much. */
const FIRST: readonly string[] = ['Namespace', 'CustomResourceDefinition', 'namespaces', 'customresourcedefinitions'];

/** What an object of Kubernetes belongs to. */
export function belongingOf({ key, value }: ExportedKey): Belonging {
  const stored = readStoredValue(value);
  const comesFirst = FIRST.includes(placeOf(key, stored).kind);
  return stored.kind === 'object'
    ? { uid: stored.uid, owners: stored.owners, comesFirst }
    : { uid: '', owners: [], comesFirst };
}

/** Whether a value is an object of Kubernetes that somebody had deleted, and that still waited for something. */
export function isBeingDeleted(value: Uint8Array): boolean {
  const stored = readStoredValue(value);
  return stored.kind === 'object' && stored.isBeingDeleted;
}
