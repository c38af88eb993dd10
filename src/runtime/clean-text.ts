/** How a text from outside is cleaned: `words` as one line, `secret` with its blanks kept, `lines` such as a PEM. */
export type TextKind = 'words' | 'secret' | 'lines';

/** The cleaned text, or what is wrong with it, without the text itself. */
export type CleanText = { readonly value: string } | { readonly wrong: string };

/** Invisible characters that are never meant: marks of byte order and direction, blanks without width. */
const unseen = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]/u;

/** Nothing is hidden in printable ASCII. It is looked for first, as the tables of Unicode take a start milliseconds to load. */
const plain = /^[ -~]*$/;

/**
 * A text as a flag, a variable, a file or a field gives it, without what people add by accident: a byte order mark, blanks and
 * line ends around it. Of a secret only mark and line ends are cut off, since its blanks may belong to it, and of lines only the
 * mark. Other characters that cannot be seen are refused, as no name or address has them; so is the one that stands for bytes
 * that are no UTF-8, as what was meant is lost.
 */
export function cleanText(text: string, kind: TextKind): CleanText {
  const isCut = kind === 'secret' ? isLineEnd : isBlank;
  let start = 0;
  let end = text.length;
  while (start < end && (kind === 'words' ? isBlank(text.charAt(start)) : text[start] === '\ufeff')) {
    start += 1;
  }
  while (end > start && kind !== 'lines' && isCut(text.charAt(end - 1))) {
    end -= 1;
  }
  const value = text.slice(start, end);
  if (value.includes('\ufffd')) {
    return { wrong: 'it holds bytes that are no UTF-8' };
  }
  const found = firstHidden(value, kind);
  return found === undefined ? { value } : { wrong: `it holds a character that cannot be seen, ${escaped(found)}` };
}

function isLineEnd(character: string): boolean {
  return character === '\n' || character === '\r' || character === '\ufeff';
}

function isBlank(character: string): boolean {
  return /\s/u.test(character) || unseen.test(character);
}

function firstHidden(text: string, kind: TextKind): string | undefined {
  if (plain.test(text)) {
    return undefined;
  }
  const controls = kind === 'lines' ? /[^\P{Cc}\t\r\n]/u : /\p{Cc}/u;
  return controls.exec(text)?.[0] ?? (kind === 'secret' ? undefined : unseen.exec(text)?.[0]);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
