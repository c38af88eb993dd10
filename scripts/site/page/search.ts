import MiniSearch from 'minisearch';
import { type SearchedSection, searchOptions } from '../search-options.ts';

declare global {
  // The index is a script of its own, which puts it here.
  var searchIndex: Parameters<typeof MiniSearch.loadJS>[0] | undefined;
}

const own = document.currentScript as HTMLScriptElement;
const root = own.dataset['root'] ?? '';
let loaded: Promise<MiniSearch<SearchedSection>> | undefined;

/** Loads the index when somebody searches for the first time. */
function index(): Promise<MiniSearch<SearchedSection>> {
  loaded ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}search-index.js`;
    script.onload = () => resolve(MiniSearch.loadJS<SearchedSection>(globalThis.searchIndex as never, searchOptions));
    script.onerror = () => reject(new Error('the index is not there'));
    document.head.append(script);
  });
  return loaded;
}

function start(): void {
  const input = document.querySelector<HTMLInputElement>('#search');
  const results = document.querySelector<HTMLElement>('#results');
  if (input === null || results === null) {
    return;
  }
  const show = async (): Promise<void> => {
    const words = input.value.trim();
    if (words === '') {
      results.hidden = true;
      return;
    }
    const found = (await index()).search(words).slice(0, 12);
    if (input.value.trim() !== words) {
      return;
    }
    const items = found.map(({ id, page, heading }) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = root + String(id);
      link.textContent = heading === page ? String(page) : `${page}: ${heading}`;
      item.append(link);
      return item;
    });
    const list = document.createElement('ol');
    list.append(...items);
    results.replaceChildren(items.length === 0 ? `Nothing has "${words}".` : list);
    results.hidden = false;
  };
  input.addEventListener('input', () => void show());
  input.form?.addEventListener('submit', (event) => {
    event.preventDefault();
    results.querySelector('a')?.click();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault();
      input.focus();
    } else if (event.key === 'Escape') {
      input.value = '';
      results.hidden = true;
    }
  });
}

document.addEventListener('DOMContentLoaded', start);
