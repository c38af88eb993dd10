import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { VerifyResult } from './verify.ts';

/** So many problems are written, and so many names of snapshots: the last ones. */
const mostProblems = 20;
const mostNames = 1_000;

/**
 * Writes what was proved next to the snapshots, where `fleet list` finds it, and gives its key. Undefined where nothing was found out, as
 * what is encrypted could not be opened. Throws a StoreError.
 */
export async function recordProof(
  result: VerifyResult,
  store: SnapStore,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<string | undefined> {
  const problems = result.findings.filter(({ weight }) => weight === 'problem');
  if (problems.length > 0 && problems.every(({ unopened }) => unopened === true)) {
    log.warn('No proof is written: what is encrypted was not opened, so nothing was found out');
    return undefined;
  }
  const proof = {
    on: Math.floor(clock.now() / 1_000),
    level: result.level,
    sound: problems.length === 0,
    revision: result.provable?.revision,
    snapshots: result.provable?.snapshots.slice(-mostNames) ?? [],
    problems: problems
      .slice(0, mostProblems)
      .map(({ snapshot, text }) => (snapshot === undefined ? text : `${snapshot}: ${text}`)),
  };
  const key = await store.proofs?.record(proof, { signal });
  if (key !== undefined) {
    log.info({ key }, `Wrote what was proved to ${key}`);
  }
  return key;
}
