import { limits } from '../limits.ts';

/** Its beginning, at most `most` characters, with `…` in place of the rest. */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** A text of a store, an etcd or a library, as it may be searched and shown: the beginning, which says what it is about. */
export function foreignText(text: string): string {
  return cutText(text, limits.foreignText.most);
}
