import { normalize } from 'node:path';
import { peerAddress, readPeerUrl } from '../datadir/membership/peer-url.ts';
import { cleanText } from '../runtime/clean-text.ts';
import { readEndpoint } from './endpoint-address.ts';
import type { ListOption } from './option.ts';
import type { ParseResult } from './parse-result.ts';
import { splitList } from './string-list.ts';
import type { ValueSource } from './value-source.ts';

/**
 * The items of a list option, by one rule for all of them: blanks around an item are cut off, an empty item is refused, and so
 * is one that is the same as another, however it is spelt.
 */
export function readListItems(
  spec: ListOption,
  texts: readonly string[],
  source: ValueSource['kind'],
): ParseResult<readonly string[]> {
  const items: string[] = [];
  const seen = new Set<string>();
  for (const text of texts) {
    const parts = splitsAtCommas(spec, source) ? splitList(text) : [text];
    if (parts === undefined) {
      return { wrong: 'a quotation mark is not closed' };
    }
    if (spec.type === 'stringArray' && parts.length === 1 && parts[0]?.includes(',')) {
      const remedy = source === 'file' ? 'write it as a list' : 'repeat the flag for each of them';
      return { wrong: 'it holds several, separated by commas', remedy };
    }
    for (const part of parts) {
      const cleaned = cleanText(part, 'words');
      if ('wrong' in cleaned) {
        return cleaned;
      }
      if (cleaned.value === '') {
        return { wrong: 'a part of the list is empty', remedy: 'is a variable empty, or a comma left over?' };
      }
      const same = identity(spec, cleaned.value);
      if (seen.has(same)) {
        return { wrong: `part ${items.length + 1} is the same as an earlier one`, remedy: 'give each only once' };
      }
      seen.add(same);
      items.push(cleaned.value);
    }
  }
  return { value: items };
}

/** Files hold lists as they are; the environment has no other way than commas. */
function splitsAtCommas({ type }: ListOption, source: ValueSource['kind']): boolean {
  return source !== 'file' && (type === 'strings' || source === 'environment');
}

/** What two spellings of one thing have in common; the text itself when it is not valid. */
function identity({ rule, placeholder }: ListOption, text: string): string {
  if (rule === 'etcd endpoint') {
    const reading = readEndpoint(text);
    return 'value' in reading ? `${reading.value.host}:${reading.value.port}` : text;
  }
  if (rule === 'peer url') {
    const reading = readPeerUrl(text);
    return 'value' in reading ? peerAddress(reading.value) : text;
  }
  return placeholder?.startsWith('path') ? normalize(`${text}/`) : text;
}
