/** The last place where a `*` may take less: in the pattern and in the text. */
interface Star {
  readonly at: number;
  taken: number;
}

/**
 * Patterns for prefixes, taken folder by folder: `*` is any text without a slash, `?` one character, `**` any number of
 * folders. A prefix is wanted when one of them matches all of it.
 */
export class PrefixGlob {
  readonly #patterns: readonly (readonly string[])[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(foldersOf);
  }

  /** Whether a prefix, without slashes around it, is wanted. */
  matches(prefix: string): boolean {
    const folders = foldersOf(prefix);
    return this.#patterns.some((pattern) => stepsThrough(pattern, folders).has(pattern.length));
  }

  /** Whether a folder may be, or hold, a prefix that is wanted. */
  mayHold(folder: string): boolean {
    const folders = foldersOf(folder);
    return this.#patterns.some((pattern) => stepsThrough(pattern, folders).size > 0);
  }

  /** What every prefix that is wanted begins with. */
  get beginning(): string {
    const [first = '', ...others] = this.#patterns.map((pattern) => {
      const text = pattern.join('/');
      return text.slice(0, /[*?]/.exec(text)?.index ?? text.length);
    });
    return others.reduce((common, each) => {
      let length = 0;
      while (length < common.length && common[length] === each[length]) {
        length += 1;
      }
      // Half a character is no name that a store could be asked for.
      return common.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
    }, first);
  }
}

function foldersOf(text: string): readonly string[] {
  return text.split('/').filter((each) => each !== '');
}

/** How many parts of the pattern the folders may have used up; nothing when they do not match. Takes folders times parts, no more. */
function stepsThrough(pattern: readonly string[], folders: readonly string[]): ReadonlySet<number> {
  let places = skipped(pattern, new Set([0]));
  for (const folder of folders) {
    const next = new Set<number>();
    for (const at of places) {
      const part = pattern[at];
      if (part === '**') {
        next.add(at);
      } else if (part !== undefined && matchesFolder(part, folder)) {
        next.add(at + 1);
      }
    }
    places = skipped(pattern, next);
  }
  return places;
}

/** The places, and those after a `**` that takes no folder. */
function skipped(pattern: readonly string[], places: ReadonlySet<number>): ReadonlySet<number> {
  const all = new Set(places);
  for (const at of all) {
    if (pattern[at] === '**') {
      all.add(at + 1);
    }
  }
  return all;
}

/** By characters: one outside of the first plane of Unicode has two places in a string. */
function matchesFolder(pattern: string, name: string): boolean {
  return matchesCharacters([...pattern], [...name]);
}

/** Goes back to the last `*` only, so that no name takes long. */
function matchesCharacters(pattern: readonly string[], name: readonly string[]): boolean {
  let at = 0;
  let done = 0;
  let star: Star | undefined;
  while (done < name.length) {
    if (pattern[at] === '*') {
      star = { at, taken: done };
      at += 1;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[done])) {
      at += 1;
      done += 1;
    } else if (star !== undefined) {
      star.taken += 1;
      done = star.taken;
      at = star.at + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((each) => each === '*');
}
