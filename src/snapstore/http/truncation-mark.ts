/** The most of an element that is looked at, bytes. */
const longest = 256;

/**
 * What the element `IsTruncated` of an XML listing says, as it is written: parsers make something of everything. Undefined where the listing has
 * none. Names of objects cannot hold the element: there `<` is escaped.
 */
export function truncationMark(listing: Uint8Array): string | undefined {
  const bytes = Buffer.from(listing.buffer, listing.byteOffset, listing.byteLength);
  const at = bytes.indexOf('<IsTruncated');
  if (at < 0) {
    return undefined;
  }
  const [, text = ''] = /^<IsTruncated(?:\s[^<>]*)?>([^<]*)</.exec(bytes.toString('utf8', at, at + longest)) ?? [];
  return text;
}

/** For the message about a listing whose mark is none. */
export const unknownEnd = 'a listing that says neither that more follows nor that it ends';
