import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/** Inputs by the outcome that they were the first to have. */
export type Corpus = ReadonlyMap<string, Buffer>;

function fileOf(parser: string): string {
  return `${projectRoot}test/fixtures/corpus/${parser}.json`;
}

/** The corpus that is kept for a parser; empty when there is none. */
export function readCorpus(parser: string): Corpus {
  if (!existsSync(fileOf(parser))) {
    return new Map();
  }
  const entries = JSON.parse(readFileSync(fileOf(parser), 'utf8')) as Readonly<Record<string, string>>;
  return new Map(Object.entries(entries).map(([outcome, text]) => [outcome, gunzipSync(Buffer.from(text, 'base64'))]));
}

/** Keeps a corpus, in the order of outcomes. */
export function writeCorpus(parser: string, corpus: Corpus): void {
  const entries = [...corpus].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const texts = entries.map(([outcome, bytes]) => [outcome, gzipSync(bytes, { level: 9 }).toString('base64')] as const);
  writeFileSync(fileOf(parser), `${JSON.stringify(Object.fromEntries(texts), undefined, 2)}\n`);
}
