import { createHash } from 'node:crypto';
import type { RunContext } from '../../runtime/run-context.ts';
import type { ExportHeader } from './export-line.ts';
import { LINES_NAME, pathOfKey } from './export-names.ts';
import type { KeySource } from './exported-key.ts';
import { StagedDirectory } from './staged-directory.ts';
import { StagedOutput } from './staged-output.ts';
import { ExportLines } from './write-lines.ts';

/** Where an export goes. */
export type ExportTarget =
  /** `write` takes a line without its end. */
  | { readonly kind: 'lines'; readonly write: (line: string) => Promise<void> }
  | { readonly kind: 'file'; readonly path: string }
  /** A file for each value, and one with the lines. */
  | { readonly kind: 'directory'; readonly path: string };

/** Writes keys as an export and gives their number; docs/formats.md describes it. Throws a Failure. */
export async function writeExport(
  {
    source,
    header,
    target,
  }: { readonly source: KeySource; readonly header: ExportHeader; readonly target: ExportTarget },
  { signal }: Pick<RunContext, 'signal'>,
): Promise<number> {
  switch (target.kind) {
    case 'lines': {
      const lines = new ExportLines(target.write);
      await addAll(lines, source, header, signal);
      return lines.keys;
    }
    case 'file': {
      await using output = await StagedOutput.create(target.path);
      const lines = new ExportLines((line) => output.write(`${line}\n`));
      await addAll(lines, source, header, signal);
      await output.finish();
      return lines.keys;
    }
    case 'directory':
      return await writeDirectory(target.path, { source, header }, signal);
    default:
      return target satisfies never;
  }
}

async function addAll(lines: ExportLines, source: KeySource, header: ExportHeader, signal: AbortSignal): Promise<void> {
  await lines.begin(header);
  for await (const key of source.keys()) {
    signal.throwIfAborted();
    await lines.add(key);
  }
  await lines.end();
}

/** The lines appear last: a directory without them is not complete. */
async function writeDirectory(
  directory: string,
  { source, header }: { readonly source: KeySource; readonly header: ExportHeader },
  signal: AbortSignal,
): Promise<number> {
  await using staged = await StagedDirectory.create(directory);
  await using output = await StagedOutput.create(staged.at(LINES_NAME), { named: directory });
  const lines = new ExportLines((line) => output.write(`${line}\n`));
  await lines.begin(header);
  for await (const each of source.keys()) {
    signal.throwIfAborted();
    const name = pathOfKey(each.key, '.value');
    await staged.add(name, each.value);
    const sha256 = createHash('sha256').update(each.value).digest('hex');
    await lines.add(each, { path: name, size: each.value.length, sha256 });
  }
  await lines.end();
  await output.finish();
  await staged.finish(LINES_NAME);
  return lines.keys;
}
