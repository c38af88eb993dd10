import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const namespace = 'etcdbr_';
/** Upper bounds, seconds: those of the Go program, and longer ones, as fulls and restores of large databases take longer. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000];

/** How something ended. */
export type Outcome = 'succeeded' | 'failed';

/** Every outcome. */
export const outcomes: readonly Outcome[] = ['succeeded', 'failed'];

/** The label `succeeded` of an outcome. */
export const succeeded = { succeeded: 'true', failed: 'false' } as const;

/** How long something took, in seconds, and how it ended. */
export interface Timed {
  readonly seconds: number;
  readonly outcome: Outcome;
}

/** Makes series in one registry, with the prefix and the buckets of the Go program. */
export class SeriesFactory {
  readonly #registers: [Registry];

  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name: namespace + name, help, labelNames, registers: this.#registers });
  }

  /** A gauge whose value is computed at each scrape. */
  computedGauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name: namespace + name,
      help,
      registers: this.#registers,
      collect() {
        this.set(value());
      },
    });
  }

  /** A counter that is counted elsewhere: its value is asked for at each scrape. */
  computedCounter(name: string, help: string, value: () => number): void {
    new Counter({
      name: namespace + name,
      help,
      registers: this.#registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  }

  counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name: namespace + name, help, labelNames, registers: this.#registers });
  }

  /** A histogram of seconds with the label `succeeded` after the given ones. */
  duration(name: string, help: string, ...labelNames: string[]): Histogram {
    return new Histogram({
      name: `${namespace}${name}_duration_seconds`,
      help,
      labelNames: [...labelNames, 'succeeded'],
      buckets: durationBuckets,
      registers: this.#registers,
    });
  }

  /** A histogram without further labels, there from the start; returns what observes a value. */
  simpleDuration(name: string, help: string): (result: Timed) => void {
    const histogram = this.duration(name, help);
    for (const outcome of outcomes) {
      histogram.zero({ succeeded: succeeded[outcome] });
    }
    return ({ seconds, outcome }) => histogram.observe({ succeeded: succeeded[outcome] }, seconds);
  }
}
