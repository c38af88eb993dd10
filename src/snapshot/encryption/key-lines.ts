/** The keys in a file of recipients or identities, each with its line from 1. Empty lines and comments do not count. */
export function keyLines(contents: string): readonly { readonly text: string; readonly line: number }[] {
  return contents
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((text, at) => ({ text: text.trim(), line: at + 1 }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
}
