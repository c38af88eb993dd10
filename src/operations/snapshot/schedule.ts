import { CronExpressionParser } from 'cron-parser';
import type { Clock } from '../../runtime/clock.ts';

/** Longest single wait: a timer cannot count beyond 2^31 ms and does not count while the machine sleeps. */
const longestWaitMs = 60_000;
/** A clock that is set back by less than this does not make anything run a second time, ms. */
const mostSetBackMs = 6 * 60 * 60 * 1000;
const dayHours = 24;

const hourSeconds = 60 * 60;

/**
 * A cron schedule of five fields, by the clock of a zone that it names, or the local one; or an interval. Where that clock jumps
 * ahead, a time that does not exist fires an hour later; where it goes back, a fixed time fires once, the first time, and every
 * step of `*` and of `* / n` minutes both times. An interval counts from the moment it is first asked about.
 */
export class Schedule {
  readonly #fields: string;
  readonly #zone: string | undefined;
  /** Undefined for five fields. */
  readonly #intervalMs: number | undefined;
  /** A time at which the interval fires, ms since the epoch. */
  #anchor: number | undefined;
  /**
   * Within how many hours there must be a full: a day, a week when the schedule names weekdays, N for every Nth hour.
   */
  readonly windowHours: number;

  /** `text` was checked: five cron fields, perhaps with `TZ=ZONE ` before them, or `@every SECONDS`. */
  constructor(text: string) {
    const seconds = /^@every (\d+)$/.exec(text)?.[1];
    this.#intervalMs = seconds === undefined ? undefined : Number(seconds) * 1_000;
    this.#zone = /^TZ=(\S+) /.exec(text)?.[1];
    this.#fields = text.replace(/^TZ=\S+ /, '');
    this.windowHours =
      seconds === undefined ? windowHours(this.#fields) : Math.max(1, Math.ceil(Number(seconds) / hourSeconds));
  }

  /** The first time after `now` at which it fires; both ms since the epoch. */
  nextFiring(now: number): number {
    if (this.#intervalMs !== undefined) {
      this.#anchor ??= now - (now % 1_000);
      return this.#anchor + (Math.floor((now - this.#anchor) / this.#intervalMs) + 1) * this.#intervalMs;
    }
    const zone = this.#zone === undefined ? {} : { tz: this.#zone };
    return CronExpressionParser.parse(this.#fields, { currentDate: new Date(now), ...zone })
      .next()
      .getTime();
  }
}

function windowHours(fields: string): number {
  const [, hour = '*', dayOfMonth = '*', , weekday = '*'] = fields.split(' ');
  if (weekday !== '*') {
    return 7 * dayHours;
  }
  const step = /\/(\d+)$/.exec(hour)?.[1];
  return dayOfMonth === '*' && step !== undefined ? Number(step) : dayHours;
}

/** What a wait for a schedule needs. */
export interface ScheduleWait {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before each wait with the time that comes next, ms since the epoch. */
  readonly onNext?: (due: number) => void;
}

/**
 * Gives each time a schedule fires, once it has come. Times that pass while the machine sleeps are made up for by one firing;
 * times that pass while the reader is busy are left out; none comes twice when the clock is set back a little, and where it is set back by more, the next one is
 * that by the clock as it is. Rejects when the signal aborts.
 */
export async function* eachFiring(schedule: Schedule, { clock, signal, onNext }: ScheduleWait): AsyncGenerator<number> {
  let last = Number.NEGATIVE_INFINITY;
  for (;;) {
    const now = clock.now();
    const due = schedule.nextFiring(last > now && last - now < mostSetBackMs ? last : now);
    onNext?.(due);
    if ((await sleepUntil(due, clock, signal)) === 'reached') {
      last = due;
      yield due;
    }
  }
}

/**
 * Waits until the wall clock shows `time` (ms since the epoch), also when the machine sleeps meanwhile. Ends early when it is set back so
 * far that the time was none of its own.
 */
async function sleepUntil(time: number, clock: Clock, signal: AbortSignal): Promise<'reached' | 'set back'> {
  let latest = clock.now();
  for (let now = latest; now < time; now = clock.now()) {
    if (latest - now >= mostSetBackMs) {
      return 'set back';
    }
    latest = Math.max(latest, now);
    await clock.sleep(Math.min(time - now, longestWaitMs), signal);
  }
  return 'reached';
}
