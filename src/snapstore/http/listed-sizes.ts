/** An element of a listing that holds a size. */
const sizes = {
  Size: /<Size(?:\s[^<>]*)?(?:\/>|>([^<]*)<)/g,
  'Content-Length': /<Content-Length(?:\s[^<>]*)?(?:\/>|>([^<]*)<)/g,
} as const;

/**
 * Whether all sizes in an XML listing are written in decimal digits: parsers take nothing for 0, and hexadecimal digits and exponents for something.
 * An object that seems empty would be left out of what can be restored.
 */
export function areSizesWritten(listing: string, element: keyof typeof sizes): boolean {
  for (const [, text = ''] of listing.matchAll(sizes[element])) {
    if (!isWrittenSize(text)) {
      return false;
    }
  }
  return true;
}

/** Whether a text is a size as services write it. */
export function isWrittenSize(text: string): boolean {
  return /^\s*\d{1,16}\s*$/.test(text);
}

/** For the message about one that is none. */
export const unwrittenSize = 'a listing of an object with a size that is no number';
