/** Causes deeper than this are left out, in case causes form a circle. */
const maxDepth = 8;

/**
 * An error in one line: its message, then the causes, without the parts that the text says already.
 * Control characters are escaped.
 */
export function errorText(error: unknown): string {
  let text = ownText(error);
  let cause = causeOf(error);
  for (let depth = 0; cause !== undefined && depth < maxDepth; depth++) {
    for (const part of ownText(cause).split(': ')) {
      if (!saysAlready(text, part)) {
        text += `: ${part}`;
      }
    }
    cause = causeOf(cause);
  }
  return oneLine(text);
}

/** A text in one line: line breaks become spaces, other control characters escapes such as `\x1b`. */
export function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\r?\n\s*/g, ' ')
    .replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function saysAlready(text: string, part: string): boolean {
  const plain = (some: string): string =>
    some
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
