/** What people write who come from etcdctl, restic, velero or a shell, and what it is called here. */

const allCommands: Readonly<Record<string, string>> = {
  show: 'list',
  snapshots: 'list',
  init: 'initialize',
  initialise: 'initialize',
  backup: 'snapshot --once',
  save: 'snapshot --once',
  dump: 'snapshot --once',
  create: 'snapshot --once',
  recover: 'restore',
  rollback: 'restore',
  check: 'verify (backups) or check-store (a new store)',
  validate: 'verify (backups) or initialize (a data directory)',
  test: 'check-store',
  info: 'status',
  inspect: 'status',
  monitor: 'fleet list --max-age (how old backups may be)',
  tag: 'copy (a state is kept below a prefix of its own)',
  pin: 'copy (a state is kept below a prefix of its own)',
  delete: 'prune',
  rm: 'prune',
  forget: 'prune',
  gc: 'prune',
  cleanup: 'prune',
  sync: 'copy',
  mirror: 'copy',
  daemon: 'snapshot',
  serve: 'server',
  compaction: 'compact',
};

const firstWords: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  snapshot: {
    save: 'etcdbrctl snapshot --once',
    create: 'etcdbrctl snapshot --once',
    take: 'etcdbrctl snapshot --once',
    full: 'etcdbrctl snapshot --once',
    once: 'etcdbrctl snapshot --once',
    status: 'etcdbrctl status FILE',
    restore: 'etcdbrctl restore --file FILE',
    list: 'etcdbrctl list',
    ls: 'etcdbrctl list',
    delete: 'etcdbrctl prune',
    prune: 'etcdbrctl prune',
  },
  restore: {
    latest: 'to leave it out, as the newest is the default',
    newest: 'to leave it out, as the newest is the default',
  },
};

/** What a word that belongs to no flag may have been meant as, by command. */
const anyWord: Readonly<Record<string, string>> = {
  restore: '--file FILE',
  list: '--store-container DIR',
  verify: '--store-container DIR',
  prune: '--store-container DIR',
  compact: '--store-container DIR',
  'check-store': '--store-container DIR',
  initialize: '--data-dir DIR',
  copy: '--source-store-container FROM --store-container TO',
};

/** Our flags by those of other tools; of several the first that the command has is suggested. */
const flagHabits: Readonly<Record<string, readonly string[]>> = {
  user: ['etcd-username', 'etcd-password'],
  username: ['etcd-username'],
  password: ['etcd-password'],
  'password-file': ['etcd-password-file'],
  endpoint: ['endpoints'],
  w: ['output'],
  'write-out': ['output'],
  format: ['output'],
  json: ['output'],
  yaml: ['output'],
  container: ['store-container'],
  bucket: ['store-container'],
  repo: ['store-container'],
  r: ['store-container'],
  'backup-dir': ['store-container'],
  provider: ['storage-provider'],
  storage: ['storage-provider'],
  prefix: ['store-prefix'],
  folder: ['store-prefix'],
  'max-backups': ['max-backups-to-copy'],
  keep: ['max-backups', 'max-backups-to-copy'],
  'keep-last': ['max-backups'],
  retention: ['max-backups'],
  'max-snapshots': ['max-backups'],
  from: ['source-store-container'],
  source: ['source-store-container'],
  src: ['source-store-container'],
  to: ['to-time', 'store-container'],
  destination: ['data-dir', 'store-container'],
  dest: ['data-dir', 'store-container'],
  target: ['data-dir', 'store-container'],
  dir: ['data-dir', 'store-container'],
  datadir: ['data-dir'],
  'output-dir': ['data-dir'],
  time: ['to-time'],
  at: ['to-time'],
  until: ['to-time'],
  pitr: ['to-time'],
  revision: ['to-revision'],
  rev: ['to-revision'],
  'dry-run': ['plan'],
  n: ['dry-run', 'plan'],
  f: ['file'],
  force: ['yes'],
  cron: ['schedule'],
  interval: ['schedule'],
  period: ['delta-snapshot-period'],
  ca: ['cacert'],
  'ca-file': ['cacert'],
  'ca-cert': ['cacert'],
  'trusted-ca-file': ['cacert'],
  'cert-file': ['cert'],
  'client-cert': ['cert'],
  'key-file': ['key'],
  'client-key': ['key'],
  insecure: ['insecure-skip-tls-verify'],
  verbose: ['log-level'],
  debug: ['log-level'],
  quiet: ['log-level'],
  silent: ['log-level'],
  q: ['log-level'],
  config: ['config-file'],
  c: ['config-file'],
  compression: ['compression-policy'],
  compress: ['compress-snapshots'],
  tmpdir: ['temp-dir', 'snapstore-temp-directory'],
};

/** What to write instead of a word that is no command; undefined when no habit is known. */
export function meantCommand(word: string): string | undefined {
  return own(allCommands, word.toLowerCase());
}

/** What a word after a command may have been meant as. The word itself may be a password and is never part of it. */
export function meantByWord(command: string, word: string): string | undefined {
  const habit = own(own(firstWords, command) ?? {}, word.toLowerCase());
  return habit ?? own(anyWord, command);
}

/** The flags of a command, with dashes, that people may have meant by another name. */
export function meantFlags(name: string, flags: ReadonlySet<string>): readonly string[] {
  const known = (own(flagHabits, name.toLowerCase()) ?? []).filter((flag) => flags.has(flag));
  const both = name.toLowerCase() === 'user';
  return (both ? known : known.slice(0, 1)).map((flag) => `--${flag}`);
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
