/** Causes deeper than this are left out; no honest chain is longer. */
const deepest = 8;

/**
 * An error in one line: its message, then of each cause the parts that say something the text does not say yet.
 * Control characters are made visible, so that the text stays one line.
 */
export function errorText(error: unknown): string {
  let text = ownText(error);
  let cause = causeOf(error);
  for (let depth = 0; cause !== undefined && depth < deepest; depth++) {
    for (const part of ownText(cause).split(': ')) {
      if (!saysAlready(text, part)) {
        text += `: ${part}`;
      }
    }
    cause = causeOf(cause);
  }
  return oneLine(text);
}

/** Replaces control characters by their escapes and trims. */
export function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\r?\n\s*/g, ' ')
    .replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function saysAlready(text: string, part: string): boolean {
  const plain = (words: string): string =>
    words
      .replace(/["'`.]/g, '')
      .trim()
      .toLowerCase();
  return plain(part) === '' || plain(text).includes(plain(part));
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function ownText(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map(ownText))].join(', ');
  }
  if (error instanceof Error) {
    // gRPC packs the errors below it into its own text.
    return error.message === ''
      ? error.name
      : error.message.replace(/\s*Resolution note:\s*$/, '').replace(/\bError: /g, '');
  }
  return String(error);
}
