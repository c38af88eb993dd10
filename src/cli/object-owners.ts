import { readStoredValue } from '../kube/objects/stored-object.ts';
import type { ExportedKey } from '../operations/export/exported-key.ts';
import type { Belonging } from '../operations/export/owners-first.ts';

/** Without them others cannot be. */
const FIRST_KINDS: readonly string[] = ['Namespace', 'CustomResourceDefinition'];

/** What an object of Kubernetes belongs to. */
export function belongingOf({ value }: ExportedKey): Belonging {
  const stored = readStoredValue(value);
  return stored.kind === 'object'
    ? { uid: stored.uid, owners: stored.owners, comesFirst: FIRST_KINDS.includes(stored.objectKind) }
    : { uid: '', owners: [], comesFirst: false };
}

/** Whether a value is an object of Kubernetes that somebody had deleted, and that still waited for something. */
export function isBeingDeleted(value: Uint8Array): boolean {
  const stored = readStoredValue(value);
  return stored.kind === 'object' && stored.isBeingDeleted;
}
