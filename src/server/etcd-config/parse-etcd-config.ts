import { parseDocument, type Scalar, type ScalarTag } from 'yaml';
import { EtcdConfig } from './etcd-config.ts';
import { wrongEtcdConfig } from './wrong-etcd-config.ts';

/**
 * Integers are written again as they were read: etcd reads YAML 1.1, where 0644 is octal, and numbers may be larger than a
 * JavaScript number holds exactly.
 */
const integerAsWritten: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  identify: (value) => typeof value === 'bigint',
  test: /^[-+]?[0-9]+$/,
  resolve: (text) => BigInt(text),
  stringify: ({ source, value }: Scalar) => source ?? String(value),
};

/** Reads the text of etcd's own configuration file, `path`. Throws a Failure `member_config` for one that is no YAML, or no map. */
export function parseEtcdConfig(path: string, text: string): EtcdConfig {
  const document = parseDocument(text, {
    intAsBigInt: true,
    customTags: (tags) => [integerAsWritten, ...tags],
    merge: true,
    prettyErrors: false,
    logLevel: 'error',
  });
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
