/**
 * What no text of others may bring to a terminal or into a log: control characters (Cc: C0 and C1), format characters (Cf: the
 * marks that turn the direction of text, invisible ones), separators of lines, and halves of surrogate pairs.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The same without the newline, which ends a line of JSON. */
const unprintableInJson = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Most texts are printable ASCII. The first use of the tables of Unicode costs 4 ms, which a start can save. */
const plain = /^[ -~]*$/;
const plainJson = /^[ -~\n]*$/;

/**
 * A text that prints as it reads: what would move the cursor, turn the text around or not be seen becomes an escape such as
 * `\x1b` or `\u202e`. Line breaks are escaped, too. A text that is printable already stays as it is.
 */
export function printable(text: string): string {
  if (plain.test(text)) {
    return text;
  }
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${hex(code, 2)}` : code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`;
  });
}

/** JSON text of the same value in which {@link printable} would escape nothing but line breaks between values. */
export function printableJson(json: string): string {
  if (plainJson.test(json)) {
    return json;
  }
  // Outside of strings JSON has no other such characters, and inside of them it knows this escape.
  return json.replace(unprintableInJson, (character) =>
    Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join(''),
  );
}

/** Whether {@link printable} would change a text. */
export function isPrintable(text: string): boolean {
  return plain.test(text) || text.search(unprintable) === -1;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
