import { restorationOptions } from './restoration.ts';
import { tempDirOption } from './temp-dir.ts';

/** How keys are written on the command line. */
export const hexOption = {
  flag: 'hex',
  type: 'bool',
  default: false,
  help: 'Keys and prefixes on the command line are written in hexadecimal digits, for those that are no text.',
} as const;

/** Where and how a database is read. */
export const databaseReadingOptions = {
  tempDir: tempDirOption,
  maxFetchers: restorationOptions.options.maxFetchers,
} as const;
