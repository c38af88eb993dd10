import type { Options } from 'minisearch';

/** What is searched: one section of a page. */
export interface SearchedSection {
  /** Path and anchor. */
  readonly id: string;
  /** Title of its page. */
  readonly page: string;
  /** Name of its file, which often is the word that people look for. */
  readonly name: string;
  readonly heading: string;
  readonly text: string;
}

/** How sections are indexed; the page that searches has to do it in the same way. */
export const searchOptions: Options<SearchedSection> = {
  fields: ['heading', 'page', 'name', 'text'],
  storeFields: ['page', 'heading'],
  searchOptions: {
    boost: { heading: 4, page: 2, name: 3 },
    // Every word is among the options; who wants an option finds it last.
    boostDocument: (id) => (String(id).startsWith('options.html') ? 0.2 : 1),
    prefix: true,
    fuzzy: 0.15,
    combineWith: 'AND',
  },
};
