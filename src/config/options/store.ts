import { type ProviderName, providerNames } from '../../snapstore/provider-name.ts';
import { type StoreRole, variablePrefix } from '../../snapstore/store-role.ts';
import { leastChunkSize } from '../../snapstore/upload/chunk-plan.ts';
import { optionGroup, type TextOption } from '../option.ts';
import { containerComplaint } from './store-container.ts';

/** What people call the providers, in small letters. */
const knownAs: Readonly<Record<string, ProviderName>> = {
  ...{ aws: 'S3', amazon: 'S3', minio: 'S3', ceph: 'S3', r2: 'S3', 's3-compatible': 'S3' },
  ...{ azure: 'ABS', azblob: 'ABS', azurerm: 'ABS', blob: 'ABS' },
  ...{ google: 'GCS', gcp: 'GCS', gs: 'GCS' },
  ...{ openstack: 'Swift', alicloud: 'OSS', aliyun: 'OSS', alibaba: 'OSS' },
  ...{ file: 'Local', fs: 'Local', filesystem: 'Local', disk: 'Local', dir: 'Local', directory: 'Local', nfs: 'Local' },
  ...{ dell: 'ECS', emc: 'ECS', openshift: 'OCS', odf: 'OCS', noobaa: 'OCS' },
};

/** What the flags of a store begin with. */
type FlagPrefix<R extends StoreRole> = R extends 'primary' ? '' : `${R}-`;

function storeTable<const R extends StoreRole>(
  role: R,
  place: { readonly which: string; readonly file: string | undefined },
) {
  const environmentPrefix = variablePrefix(role);
  const prefix = (role === 'primary' ? '' : `${role}-`) as FlagPrefix<R>;
  const fileKeys = (key: string): { readonly fileKeys?: readonly string[] } =>
    place.file === undefined ? {} : { fileKeys: [`${place.file}.${key}`] };
  const container: TextOption & { readonly default: undefined } = {
    flag: `${prefix}store-container`,
    type: 'string',
    default: undefined,
    placeholder: 'name',
    completes: 'directory',
    help:
      `Bucket or container of ${place.which}; for Local a directory, below the home directory unless absolute. When not given, ` +
      `${environmentPrefix}STORAGE_CONTAINER names it; else it is default.bkp for Local, and other providers have none.`,
    fallbackEnvironment: `${environmentPrefix}STORAGE_CONTAINER`,
    ...fileKeys('container'),
  };
  return {
    provider: {
      flag: `${prefix}storage-provider`,
      type: 'string',
      default: undefined,
      choices: providerNames,
      otherWords: knownAs,
      placeholder: 'name',
      help: `Where ${place.which} is kept; Local, a directory, when not given.`,
      ...fileKeys('provider'),
    },
    container,
    prefix: {
      flag: `${prefix}store-prefix`,
      type: 'string',
      default: '',
      placeholder: 'path',
      help: `Folder inside the container that holds ${place.which}; its top when not given.`,
      ...fileKeys('prefix'),
    },
    endpointOverride: {
      flag: `${prefix}store-endpoint-override`,
      rare: true,
      type: 'string',
      default: undefined,
      rule: 'url',
      placeholder: 'url',
      help: 'URL of the provider, instead of its usual one and of any in the credentials.',
      ...fileKeys('endpointOverride'),
    },
    maxParallelChunkUploads: {
      flag: `${prefix}max-parallel-chunk-uploads`,
      rare: true,
      type: 'uint',
      default: 5,
      min: 1,
      placeholder: 'count',
      help: 'Parts of one upload that are in flight at once.',
      ...fileKeys('maxParallelChunkUploads'),
    },
    minChunkSize: {
      flag: `${prefix}min-chunk-size`,
      rare: true,
      type: 'int',
      default: leastChunkSize,
      min: leastChunkSize,
      placeholder: 'bytes',
      help: 'Smallest size of an upload part, in bytes; larger parts are used where the provider limits their number.',
      ...fileKeys('minChunkSize'),
    },
    tempDir: {
      flag: `${prefix}snapstore-temp-directory`,
      rare: true,
      type: 'string',
      default: '/tmp',
      placeholder: 'dir',
      help: 'Directory for temporary files of transfers; made when absent.',
      ...fileKeys('tempDir'),
    },
  } as const;
}

/** The store of backups that most commands work on. */
export const storeOptions = optionGroup({
  title: 'Store',
  shared: true,
  options: storeTable('primary', { which: 'the backup', file: 'snapstoreConfig' }),
  check: containerComplaint,
});

/** The store that `copy` reads. */
export const sourceStoreOptions = optionGroup({
  title: 'Source store',
  options: storeTable('source', { which: 'the source', file: undefined }),
  check: containerComplaint,
});

/** The second store that `server` keeps in step with the first. */
export const secondaryStoreOptions = optionGroup({
  title: 'Secondary store',
  options: {
    ...storeTable('secondary', { which: 'the second copy', file: 'secondarySnapstoreConfig.StoreConfig' }),
    syncEnabled: {
      flag: 'secondary-backup-sync-enabled',
      type: 'bool',
      default: false,
      help: 'Copy every backup to the secondary store as well.',
      fileKeys: ['secondarySnapstoreConfig.backupSyncEnabled'],
    },
    syncPeriodMs: {
      flag: 'secondary-backup-sync-period',
      type: 'duration',
      default: '1h0m0s',
      above: 0,
      help: 'How often the secondary store is brought up to date.',
      fileKeys: ['secondarySnapstoreConfig.syncPeriod'],
    },
  },
  check(values) {
    return values.syncEnabled && values.provider === undefined
      ? {
          option: 'provider',
          found: 'it is missing while --secondary-backup-sync-enabled is set',
          remedy: 'give the provider of the secondary store',
        }
      : values.syncEnabled
        ? containerComplaint(values)
        : undefined;
  },
});

/** The store of a server. etcd-druid passes an empty prefix where its resource names none. */
export const sidecarStoreOptions = optionGroup({
  title: storeOptions.title,
  shared: true,
  options: { ...storeOptions.options, prefix: { ...storeOptions.options.prefix, emptyIsDefault: true } },
  check: containerComplaint,
});
