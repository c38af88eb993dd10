import { eachInParallel } from '../../runtime/async/each-in-parallel.ts';
import { limits } from '../../runtime/limits.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { isAheadOfClock } from '../../snapshot/ahead-of-clock.ts';
import { withProof } from '../../snapshot/deciding-proof.ts';
import type { ResultObject, ResultObjects } from '../../snapstore/fleet/result-objects.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import type { ProofsByPrefix } from './known-proofs.ts';
import type { LastProof } from './last-proof.ts';
import { decodeResult, type ShardResult } from './shard-result.ts';

/** Older results, of which newer ones of the same share are there, are not read. */
const readPerShard = 3;
/** Results that are read at once: they are small. */
const readAtOnce = 8;

/** The last verification of the fleet as a whole. */
export interface LastRun {
  readonly run: string;
  readonly shards: number;
  /** Shares without a result, from 0. */
  readonly missing: readonly number[];
  /** When the first share began and the last ended, whole seconds since the epoch. */
  readonly startedOn: number;
  readonly endedOn: number;
  /** Prefixes that could not be verified, and why. */
  readonly failed: readonly { readonly prefix: string; readonly text: string }[];
}

/** What all results in a store say together. */
export interface MergedResults {
  /** Those of each prefix that count: see {@link withProof}. */
  readonly proofs: ProofsByPrefix;
  /** Undefined where none has ended yet. */
  readonly lastRun: LastRun | undefined;
  /** Whether the account may not read some of them: what these prove is not known. */
  readonly isDenied: boolean;
}

/** Reads the results of the shares and puts them together; what is no result is left out with a warning. Throws a StoreError. */
export async function mergeResults(
  objects: ResultObjects,
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
  {
    mostRead = limits.fleetResults.most,
    isWanted = () => true,
  }: { readonly mostRead?: number; readonly isWanted?: (object: ResultObject) => boolean } = {},
): Promise<MergedResults> {
  const { signal, clock, log } = context;
  const results: ShardResult[] = [];
  let isDenied = false;
  const seconds = clock.now() / 1_000;
  const listed = await objects.list({ signal });
  const believed = listed.filter((each) => isWanted(each) && !isAheadOfClock({ createdOn: each.writtenOn }, seconds));
  const objectsRead = newestOf(believed).slice(0, mostRead);
  const found = new Array<ShardResult | 'denied' | 'none'>(objectsRead.length).fill('none');
  await eachInParallel([...objectsRead.entries()], readAtOnce, async ([at, object]) => {
    found[at] = await read(objects, object, signal);
  });
  for (const [at, result] of found.entries()) {
    if (typeof result === 'object') {
      results.push(result);
    } else {
      isDenied ||= result === 'denied';
      log.warn({ key: objectsRead[at]?.key }, 'ignoring a result of fleet verify that cannot be read');
    }
  }
  const proofs = new Map<string, readonly LastProof[]>();
  for (const { prefix, proof } of results.flatMap(({ prefixes }) => prefixes)) {
    proofs.set(prefix, withProof(proofs.get(prefix) ?? [], proof, seconds));
  }
  return { proofs, lastRun: lastRunOf(results), isDenied };
}

function newestOf(objects: readonly ResultObject[]): readonly ResultObject[] {
  const seen = new Map<string, number>();
  return objects.filter(({ index, count }) => {
    const shard = `${index} of ${count}`;
    const before = seen.get(shard) ?? 0;
    seen.set(shard, before + 1);
    return before < readPerShard;
  });
}

async function read(
  objects: ResultObjects,
  object: ResultObject,
  signal: AbortSignal,
): Promise<ShardResult | 'denied' | 'none'> {
  try {
    return decodeResult(await objects.read(object, { signal })) ?? 'none';
  } catch (error) {
    // It was removed since, is no result, or this account may not read it.
    if (error instanceof StoreError && ['not_found', 'invalid', 'denied'].includes(error.kind)) {
      return error.kind === 'denied' ? 'denied' : 'none';
    }
    throw error;
  }
}

function lastRunOf(results: readonly ShardResult[]): LastRun | undefined {
  const newest = results.reduce<ShardResult | undefined>(
    (latest, each) => (latest === undefined || each.endedOn > latest.endedOn ? each : latest),
    undefined,
  );
  if (newest === undefined) {
    return undefined;
  }
  const { run, shard } = newest;
  const own = new Map<number, ShardResult>();
  for (const each of results.toSorted((a, b) => a.endedOn - b.endedOn)) {
    if (each.run === run && each.shard.count === shard.count) {
      own.set(each.shard.index, each);
    }
  }
  const all = [...own.values()];
  return {
    run,
    shards: shard.count,
    missing: Array.from({ length: shard.count }, (_, index) => index).filter((index) => !own.has(index)),
    startedOn: all.reduce((first, each) => Math.min(first, each.startedOn), newest.startedOn),
    endedOn: newest.endedOn,
    // What is at the border of two shares is in both.
    failed: [...new Map(all.flatMap(({ failed }) => failed.map((each) => [each.prefix, each]))).values()],
  };
}
