import { figures } from './figures.ts';

/** What a cluster asks of its backup. */
export interface Load {
  /** Size of the database in use, bytes. */
  readonly databaseBytes: number;
  /** Changes a second, on average. */
  readonly writesPerSecond: number;
  /** Key and value of a change, bytes. */
  readonly bytesPerWrite: number;
  /** From one full to the next, s. */
  readonly fullPeriod: number;
  /** From one delta to the next, s. */
  readonly deltaPeriod: number;
  /** How long deltas are kept (`--point-in-time-window`), s. */
  readonly window: number;
}

/** What the backup needs. */
export interface Estimate {
  /** Bytes in the store once retention is in balance. */
  readonly storedBytes: number;
  readonly storedObjects: number;
  /** Bytes sent to the store in 30 days. */
  readonly uploadedBytes: number;
  /** Requests in 30 days. */
  readonly writeRequests: number;
  readonly listRequests: number;
  readonly readRequests: number;
  /** USD for 30 days, without traffic. */
  readonly storageCost: number;
  readonly requestCost: number;
  /** Temporary files of a full, bytes. */
  readonly fullDisk: number;
  /** New data directory and temporary files of a restore, bytes. */
  readonly restoreDisk: number;
  /** Time of a full, s, where the store is no slower. */
  readonly fullSeconds: number;
  /** Time of a restore right before the next full, s, where the store is no slower. */
  readonly restoreSeconds: number;
}

const DAY = 86_400;
const MONTH = 30 * DAY;
/** Objects on one page of a listing. */
const PAGE = 1_000;
/** Bytes of one part of an upload. */
const PART = 5 * 1024 * 1024;
/** s, the default of `--garbage-collection-period`. */
const COLLECTION_PERIOD = 60;

/** Full snapshots that the policy `Exponential` keeps: those of the last day by hour, then seven days, four weeks, and the newest. */
export function fullsKept(fullPeriod: number): number {
  return Math.ceil(DAY / Math.max(fullPeriod, 3_600)) + 7 + 4 + 1;
}

/** The needs of a backup with the policy `Exponential`, from {@link figures}. */
export function estimate(load: Load): Estimate {
  const { databaseBytes, writesPerSecond, bytesPerWrite, fullPeriod, deltaPeriod, window } = load;
  const fullBytes = databaseBytes * figures.fullRatio.value;
  // A period without a change writes no delta.
  const deltasPerSecond = Math.min(1 / deltaPeriod, writesPerSecond);
  const deltaBytesPerSecond = writesPerSecond * bytesPerWrite * figures.deltaRatio.value;
  const deltaBytes = deltasPerSecond === 0 ? 0 : deltaBytesPerSecond / deltasPerSecond;
  const kept = fullsKept(fullPeriod);
  // Deltas of the newest chain are always kept.
  const deltaSpan = Math.max(window, fullPeriod);
  const storedBytes = kept * fullBytes + deltaSpan * deltaBytesPerSecond;
  const storedObjects = kept + deltaSpan * deltasPerSecond;
  const [fulls, deltas] = [MONTH / fullPeriod, MONTH * deltasPerSecond];
  const pages = Math.max(1, Math.ceil(storedObjects / PAGE));
  const writesOf = (bytes: number): number => figures.writeRequests.value + Math.max(1, Math.ceil(bytes / PART));
  const collections = MONTH / COLLECTION_PERIOD;
  const writeRequests = fulls * writesOf(fullBytes) + deltas * writesOf(deltaBytes);
  const listRequests =
    (fulls + deltas) * figures.listsPerObject.value * pages +
    collections * (figures.listsPerCollection.value - 1 + pages);
  // What is deleted is looked at before; garbage collection asks for the versions of the bucket.
  const readRequests = (fulls + deltas) * (figures.readRequests.value + 1) + collections;
  return {
    storedBytes,
    storedObjects,
    uploadedBytes: fulls * fullBytes + MONTH * deltaBytesPerSecond,
    writeRequests,
    listRequests,
    readRequests,
    storageCost: storedBytes * figures.pricePerByte.value,
    requestCost:
      (writeRequests + listRequests) * figures.pricePerWrite.value + readRequests * figures.pricePerRead.value,
    fullDisk: databaseBytes + fullBytes,
    restoreDisk: 2 * databaseBytes,
    fullSeconds: databaseBytes / figures.fullSpeed.value,
    restoreSeconds:
      databaseBytes / figures.restoreSpeed.value + fullPeriod * writesPerSecond * figures.changeCost.value,
  };
}
