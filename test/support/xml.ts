/** Text inside an XML element; characters that XML 1.0 cannot hold are left to the caller to encode. */
export function text(value: string | number | boolean): string {
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
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
