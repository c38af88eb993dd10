import { setTimeout as sleep } from 'node:timers/promises';
import type { EtcdGateway, Write } from '../../../scripts/lab/etcd-gateway.ts';
import { type Random, seededChoices } from '../fixtures/random.ts';
import type { WriteModel } from './write-model.ts';

/** How the writers write. */
export interface ModelWritersOptions {
  readonly gateway: EtcdGateway;
  /** Records each transaction. */
  readonly model: Pick<WriteModel, 'record'>;
  /** Ids of leases that some keys are given. */
  readonly leases: readonly string[];
  readonly seed: number;
  readonly writers: number;
  /** Longest pause of a writer between two transactions, ms. */
  readonly pauseMs: number;
  /** Bytes of the rare large values; default 40,000. */
  readonly largeValue?: number;
}

/** Writers at work, each in keys of its own. */
export interface ModelWriters {
  /** Lets each finish what it has begun, and waits for that. */
  stop(): Promise<void>;
}

const KEYS = 40;

/**
 * Starts writers that put, delete and delete ranges, and record it in the model. Each transaction also puts the writer's marker with
 * the transaction's number: so a writer that got no answer finds out later whether, and when, it was made.
 */
export function startModelWriters(options: ModelWritersOptions): ModelWriters {
  const stopping = new AbortController();
  const running = Array.from({ length: options.writers }, (_, place) => writeOn(options, place, stopping.signal));
  const all = Promise.all(running);
  // It is awaited by stop(); until then a failure must not end the process.
  all.catch(() => {});
  return {
    stop: async () => {
      stopping.abort();
      await all;
    },
  };
}

async function writeOn(options: ModelWritersOptions, place: number, stop: AbortSignal): Promise<void> {
  const { gateway, model, pauseMs } = options;
  const random = seededChoices(options.seed * 1_000 + place);
  const marker = `marker/${place}`;
  for (let number = 1; !stop.aborted; number++) {
    const writes: readonly Write[] = [{ put: marker, value: String(number) }, ...changes(options, place, random)];
    const revision =
      (await gateway.write(writes).catch(() => undefined)) ?? (await revisionLater(gateway, { marker, number }));
    if (revision !== undefined) {
      model.record(revision, writes);
    }
    await sleep(random.integer(pauseMs + 1));
  }
}

/** At which revision a transaction without an answer was made; undefined when it was not. Asks until etcd answers. */
async function revisionLater(
  gateway: EtcdGateway,
  { marker, number }: { readonly marker: string; readonly number: number },
): Promise<number | undefined> {
  for (;;) {
    try {
      const found = await gateway.get(marker);
      const value = Buffer.from(found?.value ?? '', 'base64').toString();
      return found !== undefined && value === String(number) ? Number(found.mod_revision) : undefined;
    } catch {
      await sleep(50);
    }
  }
}

function changes(
  { leases, largeValue = 40_000 }: ModelWritersOptions,
  place: number,
  random: Random,
): readonly Write[] {
  const name = (number: number): string => `keys/${place}/${String(number).padStart(2, '0')}`;
  if (random.oneIn(25)) {
    const first = random.integer(KEYS);
    return [{ delete: name(first), until: name(Math.min(KEYS, first + 1 + random.integer(8))) }];
  }
  const chosen = new Set(Array.from({ length: random.integer(5) }, () => random.integer(KEYS)));
  return [...chosen].map((number): Write => {
    if (random.oneIn(5)) {
      return { delete: name(number) };
    }
    const size = random.oneIn(60) ? largeValue : random.integer(300);
    const value = Buffer.from(Array.from({ length: size }, () => random.integer(256)));
    return { put: name(number), value, ...(random.oneIn(4) ? { lease: random.pick(leases) } : {}) };
  });
}
