import { parseDocument } from 'yaml';

/** The value of a YAML text; undefined when it is none. */
export function parse(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  return document.errors.length > 0 ? undefined : (document.toJS({ maxAliasCount: 100 }) as unknown);
}
