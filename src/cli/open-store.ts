import type { ValuesOf } from '../config/option.ts';
import type { identityOptions } from '../config/options/encryption.ts';
import type { secondaryStoreOptions, sourceStoreOptions, storeOptions } from '../config/options/store.ts';
import type { ProviderName } from '../snapstore/provider-name.ts';
import {
  type OpenBucket,
  openStore as openRegistered,
  openBucket as openRegisteredBucket,
} from '../snapstore/registry.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import type { CommandContext } from './session.ts';

type StoreValues = ValuesOf<(typeof storeOptions)['options']>;
type SecondaryValues = Omit<ValuesOf<(typeof secondaryStoreOptions)['options']>, 'syncEnabled' | 'syncPeriodMs'>;
type IdentityValues = ValuesOf<(typeof identityOptions)['options']>;
type SourceValues = ValuesOf<(typeof sourceStoreOptions)['options']>;

/** Opens the store of this command's backups. Without a provider that is a local directory. */
export function openStore(options: StoreValues, context: CommandContext): Promise<SnapStore> {
  return openRegistered({ ...options, provider: providerOf(options, context), role: 'primary' }, context);
}

/** The same for a command that reads what is in them: encrypted objects are opened, or refused, as they are read. */
export async function openReadStore(
  options: StoreValues,
  identity: IdentityValues,
  context: CommandContext,
): Promise<SnapStore> {
  const { reloadedIdentitiesOf } = await import('./encryption-keys.ts');
  const identities = await reloadedIdentitiesOf(identity, context);
  return await openRegistered(
    { ...options, provider: providerOf(options, context), role: 'primary', identities },
    context,
  );
}

/** The same for one that moves what is in them, and opens nothing. */
export function openMovedStore(options: StoreValues, context: CommandContext): Promise<SnapStore> {
  const provider = providerOf(options, context);
  return openRegistered({ ...options, provider, role: 'primary', identities: 'as stored' }, context);
}

/** Opens the store that a copy writes, many objects at once. */
export function openTargetStore(options: StoreValues, context: CommandContext): Promise<SnapStore> {
  const provider = providerOf(options, context);
  return openRegistered(
    { ...options, provider, role: 'primary', uploadMemory: 'shared', identities: 'as stored' },
    context,
  );
}

/** Opens the store that a copy reads, with credentials of its own. */
export function openSourceStore(options: SourceValues, context: CommandContext): Promise<SnapStore> {
  return openRegistered(
    { ...options, provider: providerOf(options, context, 'source-'), role: 'source', identities: 'as stored' },
    context,
  );
}

/** Opens the store of a second copy, with credentials of its own. */
export function openSecondaryStore(options: SecondaryValues, context: CommandContext): Promise<SnapStore> {
  const provider = providerOf(options, context, 'secondary-');
  return openRegistered(
    { ...options, provider, role: 'secondary', uploadMemory: 'shared', identities: 'as stored' },
    context,
  );
}

/** Opens the bucket of {@link openStore}, without the layout of backups, for somebody who waits for the answer. */
export function openBucket(options: StoreValues, context: CommandContext): Promise<OpenBucket> {
  const provider = providerOf(options, context);
  return openRegisteredBucket({ ...options, provider, role: 'primary', patience: 'short' }, context);
}

/** Opens the bucket that holds the backups of many clusters. */
export function openFleetBucket(options: StoreValues, context: CommandContext): Promise<OpenBucket> {
  return openRegisteredBucket({ ...options, provider: providerOf(options, context), role: 'primary' }, context);
}

/** The provider that was given, or Local, which is said. A container that nobody chose is worth a warning. */
function providerOf(
  { provider, container }: Pick<StoreValues, 'provider' | 'container'>,
  { log }: CommandContext,
  prefix: '' | 'source-' | 'secondary-' = '',
): ProviderName {
  if (provider === undefined) {
    log.info(`No --${prefix}storage-provider is given: taking Local, a directory of this machine`);
  }
  if (container === undefined && (provider ?? 'Local') === 'Local') {
    log.warn(`No --${prefix}store-container is given: taking default.bkp in the home directory`);
  }
  return provider ?? 'Local';
}
