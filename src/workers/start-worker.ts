import { getAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';

/** How to find the program of a worker thread. */
export interface WorkerSource {
  /** Name of the asset in the single executable: the program with all it imports, as one CommonJS script. */
  readonly asset: string;
  /** Its module in a checkout. */
  readonly module: () => URL;
  /** MiB of young objects, where it makes very few. */
  readonly youngGenerationSize?: number;
}

/** MiB. Threads here move large buffers and make few objects; the default of 48 MiB would be filled with garbage first. */
const YOUNG_GENERATION_SIZE = 12;

/** Starts a worker thread. It shares nothing with its starter but what they send each other. */
export function startWorker(source: WorkerSource): Worker {
  const options = { resourceLimits: { maxYoungGenerationSizeMb: source.youngGenerationSize ?? YOUNG_GENERATION_SIZE } };
  return isSea()
    ? new Worker(getAsset(source.asset, 'utf8'), { ...options, eval: true })
    : new Worker(source.module(), options);
}
