import { resolve } from 'node:path';

/** A file of tests, and the file that runs as a process for it: the same, or one that runs many. Absolute paths. */
export interface TestFile {
  readonly path: string;
  readonly process: string;
}

/** What events of `node --test` say of a test or suite. */
interface Place {
  readonly nesting: number;
  readonly name: string;
  readonly file?: string | undefined;
}

/** The name of a file that runs as a process which test files share. */
export function sharedProcessName(number: number): string {
  return `shared-process-${number}.mjs`;
}

/** Whether an event is about a process that test files share, as a whole. */
export function isOfSharedProcess(place: Place): place is Place & { readonly file: string } {
  return isOfProcess(place) && isShared(place.file);
}

/**
 * The test file that an event is about as a whole; undefined when it is about a test in one. The runner treats a process as
 * a test with the file's name; a shared process treats a test file as a suite with its name.
 */
export function testFileOf(place: Place): TestFile | undefined {
  const { nesting, name, file } = place;
  if (file === undefined || nesting !== 0 || isOfProcess(place) === isShared(file)) {
    return undefined;
  }
  return { path: resolve(name), process: file };
}

function isOfProcess({ nesting, name, file }: Place): boolean {
  return nesting === 0 && file !== undefined && resolve(name) === file;
}

function isShared(file: string | undefined): boolean {
  return file !== undefined && /\/shared-process-\d+\.mjs$/.test(file);
}
