import { backupCodes } from './failure-codes/backup-codes.ts';
import { etcdCodes } from './failure-codes/etcd-codes.ts';
import { fileCodes } from './failure-codes/file-codes.ts';
import { kubeCodes } from './failure-codes/kube-codes.ts';
import { programCodes } from './failure-codes/program-codes.ts';
import { serverCodes } from './failure-codes/server-codes.ts';
import { storeCodes } from './failure-codes/store-codes.ts';

/**
 * Every code the program can give, for scripts and metrics. docs/error-codes.md is made from it:
 * `node scripts/write-documents.ts`.
 */
export const failureCodes = {
  ...programCodes,
  ...etcdCodes,
  ...kubeCodes,
  ...storeCodes,
  ...backupCodes,
  ...fileCodes,
  ...serverCodes,
};

/** A small fixed word for what went wrong, never free text. */
export type FailureCode = keyof typeof failureCodes;
