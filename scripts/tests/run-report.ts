import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { fileOfEnd } from './shared-process.ts';
import type { TestFile } from './test-file.ts';

/** What comes with an event. */
export type Data<Type extends TestEvent['type']> = Extract<TestEvent, { readonly type: Type }>['data'];

/** Dots on a line. */
const WIDTH = 100;

/** The most that is kept of what a process prints, characters; shown when a file of it fails. */
const MOST_OUTPUT = 16_000;

/** From how long on a file is named among the longest, ms, and how many are at the most. */
const LONG_MS = 30_000;
const MOST_LONG = 15;

const coverageFile = '.cache/coverage.txt';

/** What is known of a run of tests so far. Methods that give text give what is to be shown at that moment. */
export class RunReport {
  readonly #startedAt = performance.now();
  readonly #running = new Map<string, TestFile & { readonly since: number }>();
  /** What processes printed, by their file. */
  readonly #output = new Map<string, string>();
  /** Files that did not come to their end, by the file of their process. */
  readonly #broken = new Map<string, string>();
  readonly #failed: string[] = [];
  readonly #failedProcesses = new Set<string>();
  readonly #skipped = new Map<string, number>();
  readonly #long: { readonly path: string; readonly ms: number }[] = [];
  #done = 0;
  #dots = 0;
  #coverage = '';

  begun(file: TestFile): void {
    this.#running.set(file.path, { ...file, since: performance.now() });
  }

  printed(file: string | undefined, text: string): void {
    if (file !== undefined) {
      const path = resolve(file);
      this.#output.set(path, `${this.#output.get(path) ?? ''}${text}`.slice(-MOST_OUTPUT));
    }
  }

  passed(data: Data<'test:pass'>): string {
    if (data.skip !== undefined) {
      const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'without a reason';
      this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
    }
    this.#dots += 1;
    return `${data.skip === undefined ? '.' : 's'}${this.#dots % WIDTH === 0 ? '\n' : ''}`;
  }

  failed(data: Data<'test:fail'>): string {
    const { name, file = '', line, details } = data;
    const { error } = details;
    // What has been shown already: a test within the suite, or the file that ended its process.
    if (this.#broken.has(file) || (details.type === 'suite' && isOfSubtests(error))) {
      return '';
    }
    this.#failedProcesses.add('entryFile' in data ? String(data.entryFile) : file);
    const { cause } = error;
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? error.message);
    return this.#failure(`${relative('', file)}${line === undefined ? '' : `:${line}`}`, name, reason);
  }

  /** A file has come to its end. */
  ended({ path }: TestFile): void {
    this.#done += 1;
    const ms = performance.now() - (this.#running.get(path)?.since ?? Number.POSITIVE_INFINITY);
    if (ms > LONG_MS) {
      this.#long.push({ path, ms });
    }
    this.#running.delete(path);
  }

  /** All of a file is reported: what was printed meanwhile is shown if it failed. */
  reported({ path, process }: TestFile, outcome: 'passed' | 'failed'): string {
    return this.#outputOf(process, outcome === 'failed' ? path : undefined);
  }

  /** All of a process is reported. */
  processReported(process: string): string {
    return this.#outputOf(process, this.#failedProcesses.has(process) ? process : undefined);
  }

  /** A shared process has ended, in the middle of a file if that is so. */
  processEnded({ file: process = '', details }: Data<'test:complete'>): string {
    const file = fileOfEnd(process);
    if (file === undefined) {
      return '';
    }
    const path = resolve(file);
    this.#running.delete(path);
    this.#broken.set(process, path);
    return this.#failure(file, 'its process ended in the middle of it', exitOf(details.error));
  }

  covered({ summary }: Data<'test:coverage'>): void {
    const percent = (value: number): string => value.toFixed(1).padStart(5);
    const rows = summary.files.map((each) => {
      const {
        path,
        coveredLinePercent: lines,
        coveredBranchPercent: branches,
        coveredFunctionPercent: functions,
      } = each;
      return `${percent(lines)} ${percent(branches)} ${percent(functions)}  ${relative('', path)}`;
    });
    mkdirSync('.cache', { recursive: true });
    writeFileSync(coverageFile, `lines branches functions, percent\n${rows.join('\n')}\n`);
    const { coveredLinePercent, coveredBranchPercent, coveredFunctionPercent } = summary.totals;
    const [lines, branches, functions] = [coveredLinePercent, coveredBranchPercent, coveredFunctionPercent].map(
      percent,
    );
    this.#coverage = `coverage: ${lines} % of lines, ${branches} % of branches, ${functions} % of functions (${coverageFile})\n`;
  }

  progress(): string {
    const now = performance.now();
    const running = [...this.#running.values()]
      .map(({ path, since }) => `${basename(path)} (${Math.round((now - since) / 1000)} s)`)
      .join(', ');
    const minutes = ((now - this.#startedAt) / 60_000).toFixed(1);
    return `\n[${minutes} min] ${this.#done} files done; running: ${running}\n`;
  }

  /** Whether something failed that `node --test` may not know of: a process that a test ended with success. */
  get hasFailed(): boolean {
    return this.#failed.length > 0;
  }

  concluded({ counts, duration_ms: ms, success }: Data<'test:summary'>): string {
    const printed = [...this.#broken].map(([process, path]) => this.#outputOf(process, path)).join('');
    const skipped = [...this.#skipped].map(([reason, count]) => `  skipped ${count}: ${reason}\n`).join('');
    const failed = this.#failed.map((each) => `  failed: ${each}\n`).join('');
    const long = this.#long
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, MOST_LONG)
      .map(({ path, ms }) => `  ${String(Math.round(ms / 1000)).padStart(3)} s: ${relative('', path)}\n`)
      .join('');
    const numbers = `tests ${counts.tests}, passed ${counts.passed}, failed ${this.#failed.length}, skipped ${counts.skipped}`;
    const took = `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
    const result = success && !this.hasFailed ? 'PASS' : 'FAIL';
    return `${printed}\n\n${this.#coverage}${long}${skipped}${failed}${numbers}, in ${took}\n${result}\n`;
  }

  #failure(place: string, name: string, reason: string): string {
    this.#failed.push(`${place}  ${name}`);
    return `\n\nFAILED ${place}\n  ${name}\n${indented(reason)}\n`;
  }

  /** What a process has printed, under the path of the test file that is meant; nothing without one. Forgets it. */
  #outputOf(process: string, path: string | undefined): string {
    const output = this.#output.get(process) ?? '';
    this.#output.delete(process);
    return path === undefined || output === '' ? '' : `\n${relative('', path)} printed\n${indented(output)}\n`;
  }
}

function isOfSubtests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}

/** How a process ended, as the runner's error says it; without one it ended well. */
function exitOf(error: (Error & { readonly exitCode?: unknown; readonly signal?: unknown }) | undefined): string {
  return typeof error?.signal === 'string' ? `by the signal ${error.signal}` : `with exit code ${error?.exitCode ?? 0}`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}
