/** Text inside an XML element; characters that XML 1.0 cannot hold are left to the caller to encode. */
export function text(value: string | number | boolean): string {
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What {@link text} says, or any other writer of XML whose entities are these or numbers. */
export function fromText(xml: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return xml.replace(/&(?:#(\d+)|(lt|gt|quot|apos|amp));/g, (_, code: string | undefined, name = '') =>
    code === undefined ? (named[name] ?? '') : String.fromCodePoint(Number(code)),
  );
}

/** `<name>…</name>`; `content` is XML already. */
export function element(name: string, ...content: readonly string[]): string {
  return `<${name}>${content.join('')}</${name}>`;
}

/** `<name>value</name>`. */
export function leaf(name: string, value: string | number | boolean): string {
  return element(name, text(value));
}

/** A whole document. */
export function xmlDocument(root: string): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${root}`);
}
