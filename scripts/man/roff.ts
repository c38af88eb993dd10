/** Text for a page of man(7): nothing in it is taken for a request or an escape. */
export function roff(text: string): string {
  return [...text.replaceAll('\\', '\\e').replaceAll('-', '\\-')]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      return code < 128 ? character : `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
    })
    .join('')
    .replaceAll('\n', ' ')
    .replace(/^(?=[.'])/, '\\&');
}

/** The same in bold. */
export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

/** The same in italics, as man pages show what a reader replaces. */
export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

/** Text in which `code` is set in bold. */
export function withCode(text: string): string {
  return text
    .split('`')
    .map((part, at) => (at % 2 === 1 ? bold(part) : roff(part)))
    .join('')
    .replace(/^(?=[.'])/, '\\&');
}

/** A macro with an argument that may hold blanks and quotes. */
export function heading(macro: 'SH' | 'SS', text: string): string {
  return `.${macro} "${roff(text).replaceAll('"', '\\(dq')}"`;
}

/** A paragraph whose first line hangs: a flag, a variable, a code. */
export function tagged(tag: string, body: readonly string[]): readonly string[] {
  return ['.TP', tag, ...body];
}
