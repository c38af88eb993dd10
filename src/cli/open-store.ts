import type { ValuesOf } from '../config/option.ts';
import type { sourceStoreOptions, storeOptions } from '../config/options/store.ts';
import type { RunContext } from '../runtime/run-context.ts';
import {
  type OpenBucket,
  openStore as openRegistered,
  openBucket as openRegisteredBucket,
} from '../snapstore/registry.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';

/** Opens the store that backups of this command lie in. Without a provider that is a local directory. */
export function openStore(
  options: ValuesOf<(typeof storeOptions)['options']>,
  context: RunContext,
): Promise<SnapStore> {
  return openRegistered({ ...options, provider: options.provider ?? 'Local', role: 'primary' }, context);
}

/** Opens the store that a copy writes, many objects at once. */
export function openTargetStore(
  options: ValuesOf<(typeof storeOptions)['options']>,
  context: RunContext,
): Promise<SnapStore> {
  const provider = options.provider ?? 'Local';
  return openRegistered({ ...options, provider, role: 'primary', uploadMemory: 'shared' }, context);
}

/** Opens the store that a copy reads, with the credentials of its own. */
export function openSourceStore(
  options: ValuesOf<(typeof sourceStoreOptions)['options']>,
  context: RunContext,
): Promise<SnapStore> {
  return openRegistered({ ...options, provider: options.provider ?? 'Local', role: 'source' }, context);
}

/** Opens the bucket of that store, for what concerns no backups. */
export function openBucket(
  options: ValuesOf<(typeof storeOptions)['options']>,
  context: RunContext,
): Promise<OpenBucket> {
  return openRegisteredBucket({ ...options, provider: options.provider ?? 'Local', role: 'primary' }, context);
}
