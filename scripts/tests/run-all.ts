/**
 * Runs test files as `node --test` does, with the reporter of `scripts/test-reporter.ts`, in another order: first those that say that they
 * take long, so that none of them runs alone in the end. Arguments: how many at once, and files or patterns.
 */
import { globSync } from 'node:fs';
import process from 'node:process';
import { run } from 'node:test';
import report from '../test-reporter.ts';
import { longestFirst } from './longest-first.ts';

/** The longest that a test may take, ms. */
const TIMEOUT_MS = 10 * 60_000;

const [atOnce = '', ...patterns] = process.argv.slice(2);
const files = longestFirst([...new Set(patterns.flatMap((pattern) => globSync(pattern).toSorted()))]);
run({ files: [...files], concurrency: Number(atOnce), timeout: TIMEOUT_MS })
  .on('test:summary', ({ file, success }) => {
    if (file === undefined && !success) {
      process.exitCode = 1;
    }
  })
  .compose(report)
  .pipe(process.stdout);
