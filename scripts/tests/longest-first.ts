import { readFileSync } from 'node:fs';

/** A line of a test file that takes a minute or more on two cores. */
const takesLong = /^\/\/ Takes long: \S/m;

/** The same files, those first that say that they take long, and why. Otherwise the order stays. */
export function longestFirst(files: readonly string[]): readonly string[] {
  const long = files.filter((file) => takesLong.test(readFileSync(file, 'utf8')));
  return [...long, ...files.filter((file) => !long.includes(file))];
}
