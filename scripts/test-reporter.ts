/**
 * What the tests show: a dot for each test that passes, failures as they come, every half minute which files run, and the
 * result as the last lines. Coverage of each file goes to `.cache/coverage.txt`. A reporter of `node --test`.
 */
import type { TestEvent } from 'node:test/reporters';
import { RunReport } from './tests/run-report.ts';
import { isOfSharedProcess, testFileOf } from './tests/test-file.ts';

/** How often it is said which files run, ms. */
const PERIOD_MS = 30_000;

/** What is to be shown of an event. */
function* shown(event: TestEvent, run: RunReport): Generator<string, void> {
  switch (event.type) {
    case 'test:dequeue': {
      const file = testFileOf(event.data);
      if (file !== undefined) {
        run.begun(file);
      }
      break;
    }
    case 'test:complete': {
      const file = testFileOf(event.data);
      if (file !== undefined) {
        run.ended(file);
      } else if (isOfSharedProcess(event.data)) {
        yield run.processEnded(event.data);
      }
      break;
    }
    case 'test:stdout':
    case 'test:stderr':
      run.printed(event.data.file, event.data.message);
      break;
    case 'test:pass':
    case 'test:fail': {
      const file = testFileOf(event.data);
      if (event.type === 'test:fail') {
        yield run.failed(event.data);
      } else if (event.data.details.type !== 'suite') {
        yield run.passed(event.data);
      }
      if (file !== undefined) {
        yield run.reported(file, event.type === 'test:fail' ? 'failed' : 'passed');
      }
      break;
    }
    case 'test:diagnostic':
      // Something of a test went wrong after its end.
      yield event.data.message.startsWith('Error: ') ? `\n\n${event.data.message}\n` : '';
      break;
    case 'test:coverage':
      run.covered(event.data);
      break;
    case 'test:summary':
      yield event.data.file === undefined ? run.concluded(event.data) : run.processReported(event.data.file);
      break;
    default:
      break;
  }
}

/** The reporter. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const run = new RunReport();
  const timer = setInterval(() => process.stdout.write(run.progress()), PERIOD_MS);
  timer.unref();
  for await (const event of events) {
    yield* shown(event, run);
  }
  clearInterval(timer);
  if (run.hasFailed) {
    process.exitCode = 1;
  }
}
