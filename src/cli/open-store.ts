import type { ValuesOf } from '../config/option.ts';
import type { sourceStoreOptions, storeOptions } from '../config/options/store.ts';
import {
  type OpenBucket,
  openStore as openRegistered,
  openBucket as openRegisteredBucket,
} from '../snapstore/registry.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import type { CommandContext } from './session.ts';

/** Opens the store of this command's backups. Without a provider that is a local directory. */
export function openStore(
  options: ValuesOf<(typeof storeOptions)['options']>,
  context: CommandContext,
): Promise<SnapStore> {
  return openRegistered({ ...options, provider: options.provider ?? 'Local', role: 'primary' }, context);
}

/** Opens the store that a copy writes, many objects at once. */
export function openTargetStore(
  options: ValuesOf<(typeof storeOptions)['options']>,
  context: CommandContext,
): Promise<SnapStore> {
  const provider = options.provider ?? 'Local';
  return openRegistered({ ...options, provider, role: 'primary', uploadMemory: 'shared' }, context);
}

/** Opens the store that a copy reads, with credentials of its own. */
export function openSourceStore(
  options: ValuesOf<(typeof sourceStoreOptions)['options']>,
  context: CommandContext,
): Promise<SnapStore> {
  return openRegistered({ ...options, provider: options.provider ?? 'Local', role: 'source' }, context);
}

/** Opens the bucket of {@link openStore}, without the layout of backups. */
export function openBucket(
  options: ValuesOf<(typeof storeOptions)['options']>,
  context: CommandContext,
): Promise<OpenBucket> {
  return openRegisteredBucket({ ...options, provider: options.provider ?? 'Local', role: 'primary' }, context);
}
