import { writeFileSync } from 'node:fs';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

/** The variable that names a new JSON file with these credentials; the file goes away with what is returned. */
export function jsonEnvironment(
  stem: string,
  fields: object,
): Disposable & { readonly variables: Readonly<Record<string, string>> } {
  const dir = makeTempDir();
  const path = dir.join('credentials.json');
  writeFileSync(path, JSON.stringify(fields), { mode: 0o600 });
  return {
    variables: { [`${stem}_APPLICATION_CREDENTIALS_JSON`]: path },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}
