import { embeddedEtcdOptions } from '../config/options/restoration.ts';
import type { ValueSource } from '../config/value-source.ts';
import type { Logger } from '../runtime/log/logger.ts';

/** Says, at debug level, which of the given options have nothing to tune because no etcd is embedded here. */
export function noteEmbeddedEtcdOptions(sources: ReadonlyMap<string, ValueSource>, log: Logger): void {
  for (const { flag } of Object.values(embeddedEtcdOptions.options)) {
    if ((sources.get(flag)?.kind ?? 'default') !== 'default') {
      log.debug(`--${flag} is accepted, but restoring needs no etcd that it could tune`);
    }
  }
}
