/**
 * A JSON string as Go's encoding/json writes it: like JSON.stringify, and `<`, `>`, `&`, U+2028 and U+2029 as \u escapes.
 * Names go into checksummed records, and byte equality with etcd's own output keeps them comparable.
 */
export function goJsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A JSON array of strings, written as {@link goJsonString} does. */
export function goJsonStrings(texts: readonly string[]): string {
  return `[${texts.map(goJsonString).join(',')}]`;
}
