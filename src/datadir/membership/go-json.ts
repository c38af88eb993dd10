/**
 * A JSON string as Go's encoding/json writes it: like JSON.stringify, but with `<`, `>`, `&`, U+2028 and U+2029 as \u escapes.
 * So the records are byte for byte those of etcd and can be compared.
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
