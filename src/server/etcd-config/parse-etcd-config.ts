import { parseDocument } from 'yaml';
import { EtcdConfig } from './etcd-config.ts';
import { wrongEtcdConfig } from './wrong-etcd-config.ts';

/** Reads the text of etcd's own configuration file, `path`. Throws a Failure `member_config` for one that is no YAML, or no map. */
export function parseEtcdConfig(path: string, text: string): EtcdConfig {
  // Numbers may be larger than a JavaScript number holds exactly.
  const document = parseDocument(text, { intAsBigInt: true, merge: true, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    throw wrongEtcdConfig({ path, found: `it is no YAML (${error.code} at character ${error.pos[0]})` });
  }
  try {
    document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw wrongEtcdConfig({ path, found: 'its aliases lead nowhere, or are too many', cause });
  }
  return new EtcdConfig(path, document);
}
