import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process has to close what it opened, ms. */
const SETTLING_MS = 30_000;

/** What belongs to the process as a whole, by name. */
type State = ReadonlyMap<string, unknown>;

/** What a test file changes in its process, from the construction on. */
export class ProcessTraces {
  readonly #before = state();
  readonly #openBefore = open();

  /**
   * Waits for open sockets, timers, threads and children to end.
   * Throws when some do not, and when variables, listeners, globals or the working directory are others than before.
   */
  async assertNone(): Promise<void> {
    const changed = differences(this.#before, state());
    if (changed.length > 0) {
      throw new Error(`the file leaves changes in its process: ${changed.join(', ')}`);
    }
    const deadline = performance.now() + SETTLING_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 100)) {
      const left = [...open()].filter(([type, count]) => count > (this.#openBefore.get(type) ?? 0));
      if (left.length === 0) {
        return;
      }
      if (performance.now() > deadline) {
        throw new Error(`the file leaves what keeps its process alive: ${left.map(([type]) => type).join(', ')}`);
      }
      await sleep(pauseMs);
    }
  }
}

/** How many of each type keep the process alive. */
function open(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

function state(): State {
  const variables = Object.entries(process.env).map(([name, value]) => [`variable ${name}`, value] as const);
  const listeners = process
    .eventNames()
    // Modules may have something to do at the end of the process.
    .filter((event) => event !== 'exit')
    .map((event) => [`listeners of ${String(event)}`, process.listenerCount(event)] as const);
  const globals = Object.entries(Object.getOwnPropertyDescriptors(globalThis)).map(
    ([name, { value, get }]) => [`global ${name}`, get ?? value] as const,
  );
  return new Map<string, unknown>([...variables, ...listeners, ...globals, ['working directory', process.cwd()]]);
}

function differences(before: State, now: State): readonly string[] {
  // Modules may define globals.
  const names = [...before.keys(), ...[...now.keys()].filter((name) => !name.startsWith('global '))];
  return [...new Set(names)].filter((name) => !Object.is(before.get(name), now.get(name)));
}
