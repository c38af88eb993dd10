import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileFailure } from '../../fs/file-failure.ts';
import { openFile } from '../../fs/open-file.ts';
import { readBlocks } from '../../fs/read-blocks.ts';
import { Failure } from '../../runtime/failure.ts';
import { limits } from '../../runtime/limits.ts';
import { printable } from '../../runtime/log/printable.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { type ExportHeader, type ExportLine, parseLine } from './export-line.ts';
import { LINES_NAME } from './export-names.ts';
import type { ExportedKey, KeySource } from './exported-key.ts';

/** How an export is read. */
export interface ExportRules {
  /** `ignored` takes an export whose lines or files were changed after it was written. It has to be complete all the same. */
  readonly hashes: 'required' | 'ignored';
  /** Longest line, and longest value in a file of its own, bytes. */
  readonly longestLine?: number;
}

/**
 * An export in a file, or in a directory of files. It is read line by line; no more than one line is held in memory, and of one that may be
 * edited the names of its keys while it is opened.
 * Throws a {@link Failure}.
 */
export class ExportFile implements KeySource {
  readonly header: ExportHeader;
  /** How many keys it holds. */
  readonly count: number;
  readonly #file: string;
  readonly #rules: ExportRules;
  readonly #context: Pick<RunContext, 'signal'>;

  private constructor(parts: {
    readonly file: string;
    readonly header: ExportHeader;
    readonly count: number;
    readonly rules: ExportRules;
    readonly context: Pick<RunContext, 'signal'>;
  }) {
    this.#file = parts.file;
    this.header = parts.header;
    this.count = parts.count;
    this.#rules = parts.rules;
    this.#context = parts.context;
  }

  /** Opens an export and reads all of it once, so that nothing is done with one that is cut short or damaged. */
  static async open(place: string, rules: ExportRules, context: Pick<RunContext, 'signal'>): Promise<ExportFile> {
    const file = await linesFile(place);
    const seen: { header: ExportHeader | undefined; count: number } = { header: undefined, count: 0 };
    // What export wrote has each key once; only who edits it can copy a line.
    const keys = rules.hashes === 'ignored' ? new Set<string>() : undefined;
    for await (const line of linesOf(file, rules, context)) {
      if (line.kind === 'header') {
        seen.header = line;
      } else if (line.kind === 'key') {
        await valueIn(file, line, rules);
        seen.count++;
        const name = Buffer.from(line.key).toString('latin1');
        if (keys?.has(name) === true) {
          throw damaged(
            file,
            `line ${seen.count + 1} has the key ${JSON.stringify(printable(Buffer.from(line.key).toString()))} once more`,
            'leave one line for each key; nothing was written',
          );
        }
        keys?.add(name);
      }
    }
    if (seen.header === undefined) {
      throw damaged(file, 'it has no first line');
    }
    return new ExportFile({ file, header: seen.header, count: seen.count, rules, context });
  }

  async *keys(): AsyncGenerator<ExportedKey, void> {
    for await (const line of linesOf(this.#file, this.#rules, this.#context)) {
      if (line.kind === 'key') {
        const { kind: _, file: __, ...key } = line;
        yield { ...key, value: await valueIn(this.#file, line, this.#rules) };
      }
    }
  }
}

async function linesFile(place: string): Promise<string> {
  try {
    return (await stat(place)).isDirectory() ? path.join(place, LINES_NAME) : place;
  } catch (error) {
    throw fileFailure(error, { action: 'read the export', object: place }) ?? error;
  }
}

/** The lines of an export; ends with the footer, after everything was checked against it. */
async function* linesOf(
  file: string,
  { hashes, longestLine = limits.exportLine.most }: ExportRules,
  { signal }: Pick<RunContext, 'signal'>,
): AsyncGenerator<ExportLine, void> {
  const hash = createHash('sha256');
  let number = 0;
  let keys = 0;
  let footer: Extract<ExportLine, { readonly kind: 'footer' }> | undefined;
  for await (const text of textLines(file, longestLine)) {
    signal.throwIfAborted();
    number++;
    const line = parseLine(text.toString('utf8'));
    if (footer !== undefined || line === undefined || (line.kind === 'header') !== (number === 1)) {
      throw number === 1
        ? damaged(
            file,
            'its first line is not that of an export',
            'give what etcdbrctl export wrote; nothing was written',
          )
        : damaged(file, `line ${number} is ${footer === undefined ? 'none of an export' : 'after its last one'}`);
    }
    if (line.kind === 'footer') {
      footer = line;
    } else {
      hash.update(text).update('\n');
      keys += line.kind === 'key' ? 1 : 0;
    }
    yield line;
  }
  if (footer === undefined) {
    throw damaged(
      file,
      number === 0 ? 'it is empty' : `it is cut short: it ends after ${number} lines without its last one`,
    );
  }
  if (hashes === 'ignored') {
    return;
  }
  if (keys !== footer.keys || hash.digest('hex') !== footer.sha256) {
    throw damaged(file, 'it was changed after it was written', editedRemedy);
  }
}

async function valueIn(
  file: string,
  line: Extract<ExportLine, { readonly kind: 'key' }>,
  { hashes, longestLine = limits.exportLine.most }: ExportRules,
): Promise<Uint8Array> {
  if (line.value !== undefined || line.file === undefined) {
    return line.value ?? Buffer.alloc(0);
  }
  const { path: name, size, sha256 } = line.file;
  const directory = path.dirname(file);
  const place = path.resolve(directory, name);
  if (!place.startsWith(`${path.resolve(directory)}${path.sep}`)) {
    throw damaged(file, 'it names a file outside of its directory');
  }
  const value = await wholeFile(place, longestLine);
  if (hashes === 'required' && (value.length !== size || createHash('sha256').update(value).digest('hex') !== sha256)) {
    throw damaged(place, 'it was changed after it was written', editedRemedy);
  }
  return value;
}

async function wholeFile(place: string, longest: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const block of blocksOf(place)) {
    size += block.length;
    if (size > longest) {
      throw damaged(place, `it is longer than ${longest} bytes`);
    }
    parts.push(Uint8Array.from(block));
  }
  return Buffer.concat(parts);
}

/** The lines of a file without their ends. A last line without one is a line, too. */
async function* textLines(file: string, longest: number): AsyncGenerator<Buffer, void> {
  let begun: Buffer[] = [];
  let size = 0;
  for await (const block of blocksOf(file)) {
    let at = 0;
    for (let end = block.indexOf(0x0a); end >= 0; end = block.indexOf(0x0a, at)) {
      begun.push(Buffer.from(block.subarray(at, end)));
      yield Buffer.concat(begun);
      begun = [];
      size = 0;
      at = end + 1;
    }
    begun.push(Buffer.from(block.subarray(at)));
    size += block.length - at;
    if (size > longest) {
      throw damaged(file, `a line of it is longer than ${longest} bytes`);
    }
  }
  const last = Buffer.concat(begun);
  if (last.length > 0) {
    yield last;
  }
}

async function* blocksOf(file: string): AsyncGenerator<Uint8Array, void> {
  try {
    await using handle = await openFile(file);
    yield* readBlocks(handle);
  } catch (error) {
    throw fileFailure(error, { action: 'read the export', object: file }) ?? error;
  }
}

const editedRemedy = 'export again, or give --edited where it was changed on purpose; nothing was written';

function damaged(object: string, found: string, remedy = 'export again; nothing was written'): Failure {
  return new Failure({ code: 'export_damaged', action: 'read the export', object, found, remedy });
}
