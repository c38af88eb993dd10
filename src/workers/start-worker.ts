import { getAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';
import { roomyHeaps } from '../runtime/memory/roomy-heaps.ts';

/** How to find the program of a worker thread. */
export interface WorkerSource {
  /** Name of the asset in the single executable: the program with all it imports, as one CommonJS script. */
  readonly asset: string;
  /** Its module in a checkout. */
  readonly module: () => URL;
  /** MiB of young objects, where it makes very few. */
  readonly youngGenerationSize?: number;
  /** Of one that passes so many buffers on that V8 would search it for garbage again and again, see {@link roomyHeaps}. */
  readonly heap?: 'roomy';
}

/** MiB. Threads here move large buffers and make few objects; the default of 48 MiB would be filled with garbage first. */
const YOUNG_GENERATION_SIZE = 12;

/** Starts a worker thread. It shares nothing with its starter but what they send each other. */
export function startWorker(source: WorkerSource): Worker {
  const options = { resourceLimits: { maxYoungGenerationSizeMb: source.youngGenerationSize ?? YOUNG_GENERATION_SIZE } };
  const asset = isSea() ? getAsset(source.asset, 'utf8') : undefined;
  const roomy = source.heap === 'roomy' ? roomyHeaps() : undefined;
  const worker =
    asset === undefined ? new Worker(source.module(), options) : new Worker(asset, { ...options, eval: true });
  const begun = (): void => roomy?.[Symbol.dispose]();
  worker.once('online', begun);
  // One that cannot start is never online.
  worker.once('exit', begun);
  return worker;
}
