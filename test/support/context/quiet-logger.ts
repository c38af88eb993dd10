import type { Logger } from '../../../src/runtime/log/logger.ts';

/** A logger that keeps silent. */
export const quietLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => quietLogger,
};
