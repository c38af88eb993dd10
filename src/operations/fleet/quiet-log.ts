import type { LogFields, Logger } from '../../runtime/log/logger.ts';

/** The same log, with warnings at level debug: of thousands of clusters they would hide everything else. */
export function quietLog(log: Logger): Logger {
  const debug = (fieldsOrText: LogFields | string, text?: string): void => {
    if (typeof fieldsOrText === 'string') {
      log.debug(fieldsOrText);
    } else {
      log.debug(fieldsOrText, text ?? '');
    }
  };
  return { error: debug, warn: debug, info: debug, debug, child: (fields) => quietLog(log.child(fields)) };
}
