/** Where a database is written that is only read. */
export const tempDirOption = {
  flag: 'temp-dir',
  type: 'string',
  default: '/tmp',
  rule: 'not empty',
  placeholder: 'dir',
  help: 'Directory in which a database is built or expanded; needs room for all of it.',
} as const;
