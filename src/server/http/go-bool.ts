const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

/** What Go's strconv.ParseBool makes of a text; undefined where that is an error. */
export function goBool(text: string): boolean | undefined {
  return words.get(text);
}
