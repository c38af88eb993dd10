/**
 * Splits a comma separated list as Go's flag library does, which reads it as one CSV record:
 * an item in double quotes may hold commas, and two double quotes inside are one. Blanks around quotes are left out.
 * An empty text is an empty list. Undefined when a quote is not closed or is inside an unquoted item.
 */
export function splitList(text: string): readonly string[] | undefined {
  if (text === '') {
    return [];
  }
  const items: string[] = [];
  let at = 0;
  for (;;) {
    const item = quotedItem(text, at) ?? plainItem(text, at);
    if (item === undefined) {
      return undefined;
    }
    items.push(item.value);
    if (item.end === text.length) {
      return items;
    }
    at = item.end + 1;
  }
}

interface Item {
  readonly value: string;
  /** Index of the comma after the item, or the end of the text. */
  readonly end: number;
}

function plainItem(text: string, start: number): Item | undefined {
  const comma = text.indexOf(',', start);
  const end = comma === -1 ? text.length : comma;
  const value = text.slice(start, end);
  return value.includes('"') ? undefined : { value, end };
}

function quotedItem(text: string, start: number): Item | undefined {
  const match = /\s*"((?:[^"]|"")*)"\s*(?=,|$)/y;
  match.lastIndex = start;
  const found = match.exec(text);
  return found === null ? undefined : { value: (found[1] ?? '').replaceAll('""', '"'), end: match.lastIndex };
}
