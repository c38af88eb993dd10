import type { LogFields, Logger } from '../../runtime/log/logger.ts';

/** The same log in which warnings about one of thousands of clusters are for those who look for them. */
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
