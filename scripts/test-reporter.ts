/**
 * What `make test` shows: a dot for each test that passes, failures as they come, every half minute which files run, and the
 * result as the last lines. Coverage of each file goes to `.cache/coverage.txt`. A reporter of `node --test`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** What comes with an event. */
type Data<Type extends TestEvent['type']> = Extract<TestEvent, { readonly type: Type }>['data'];

/** Dots on a line. */
const WIDTH = 100;

/** How often it is said which files run, ms. */
const PERIOD_MS = 30_000;

/** The most that is kept of what a test file prints, characters; shown when it fails. */
const MOST_OUTPUT = 16_000;

const coverageFile = '.cache/coverage.txt';

/** What is known of the run so far. */
class Run {
  readonly #startedAt = performance.now();
  readonly #running = new Map<string, number>();
  readonly #output = new Map<string, string>();
  readonly #failed: string[] = [];
  readonly #failedFiles = new Set<string>();
  readonly #skipped = new Map<string, number>();
  #files = 0;
  #done = 0;
  #dots = 0;
  #coverage = '';

  begun(file: string): void {
    this.#files += 1;
    this.#running.set(file, performance.now());
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

  failed({ name, file = '', line, details }: Data<'test:fail'>): string {
    // Suites fail because one of their tests does, which has been shown.
    if (details.type === 'suite') {
      return '';
    }
    const place = `${relative('', file)}${line === undefined ? '' : `:${line}`}`;
    this.#failed.push(`${place}  ${name}`);
    const { cause } = details.error;
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? details.error.message);
    this.#failedFiles.add(file);
    return `\n\nFAILED ${place}\n  ${name}\n${indented(reason)}\n`;
  }

  ended(file: string): string {
    this.#done += 1;
    this.#running.delete(file);
    const output = this.#output.get(file) ?? '';
    this.#output.delete(file);
    return this.#failedFiles.has(file) && output !== '' ? `\n${relative('', file)} printed\n${indented(output)}\n` : '';
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
    const running = [...this.#running]
      .map(([file, since]) => `${basename(file)} (${Math.round((now - since) / 1000)} s)`)
      .join(', ');
    const minutes = ((now - this.#startedAt) / 60_000).toFixed(1);
    return `\n[${minutes} min] ${this.#done} files done; running: ${running}\n`;
  }

  concluded({ counts, duration_ms: ms, success }: Data<'test:summary'>): string {
    const skipped = [...this.#skipped].map(([reason, count]) => `  skipped ${count}: ${reason}\n`).join('');
    const failed = this.#failed.map((each) => `  failed: ${each}\n`).join('');
    const numbers = `tests ${counts.tests}, passed ${counts.passed}, failed ${this.#failed.length}, skipped ${counts.skipped}`;
    const took = `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
    return `\n\n${this.#coverage}${skipped}${failed}${numbers}, in ${took}\n${success ? 'PASS' : 'FAIL'}\n`;
  }
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}

/** Whether an event is about a file as a whole, which the runner treats as a test with the file's name. */
function isOfFile({
  nesting,
  name,
  file,
}: {
  readonly nesting: number;
  readonly name: string;
  readonly file?: string | undefined;
}): boolean {
  return nesting === 0 && file !== undefined && resolve(name) === file;
}

/** The reporter. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const run = new Run();
  const timer = setInterval(() => process.stdout.write(run.progress()), PERIOD_MS);
  timer.unref();
  for await (const event of events) {
    switch (event.type) {
      case 'test:dequeue':
        if (isOfFile(event.data)) {
          run.begun(event.data.file ?? '');
        }
        break;
      case 'test:complete':
        yield isOfFile(event.data) ? run.ended(event.data.file ?? '') : '';
        break;
      case 'test:stdout':
      case 'test:stderr':
        run.printed(event.data.file, event.data.message);
        break;
      case 'test:pass':
        yield event.data.details.type === 'suite' ? '' : run.passed(event.data);
        break;
      case 'test:fail':
        yield run.failed(event.data);
        break;
      case 'test:coverage':
        run.covered(event.data);
        break;
      case 'test:summary':
        yield event.data.file === undefined ? run.concluded(event.data) : '';
        break;
      default:
        break;
    }
  }
  clearInterval(timer);
}
