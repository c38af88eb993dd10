import { verifySpec } from '../config/commands/verify.ts';
import type { VerifyResult } from '../ops/verifier.ts';
import { Failure } from '../runtime/failure.ts';
import { countText } from './catalog/words.ts';
import { command } from './command.ts';
import { formatReport, labelled, type Report } from './report.ts';

/** `etcdbrctl verify`. */
export const verifyCommand = command(verifySpec, async ({ config, context, print }) => {
  const { openStore } = await import('./open-store.ts');
  const { verifyBackups } = await import('../ops/verifier.ts');
  const store = await openStore(config.store, context);
  try {
    const result = await verifyBackups({ store, ...config.verify }, context);
    print(await formatReport(verifyReport(result), config.output.format));
    refuseProblems(result);
  } finally {
    await store.close();
  }
});

/** A verification as a table and as data. */
export function verifyReport(result: VerifyResult): Report {
  const { location, level, findings, chains, objects, read, newestRevision, provable, restored } = result;
  const hash = restored === undefined ? undefined : `${restored.hash} (compact revision ${restored.compactRevision})`;
  return {
    table: [
      ...labelled([
        ['Store', location],
        ['Level', level],
        ['Snapshots', `${countText(objects, 'object')} in ${countText(chains, 'chain')}, ${read} read`],
        ['Newest revision', newestRevision === undefined ? 'none' : String(newestRevision)],
        ['Restorable up to', provable === undefined ? 'nothing' : `revision ${provable.revision}`],
        ['Events applied', restored === undefined ? undefined : String(restored.eventsApplied)],
        ['HashKV', hash],
      ]),
      ...findings.map(
        ({ weight, snapshot, text }) => `${weight}: ${snapshot === undefined ? '' : `${snapshot}: `}${text}`,
      ),
    ],
    data: {
      location,
      level,
      sound: isSound(result),
      chains,
      objects,
      read,
      newestRevision: newestRevision ?? null,
      provableRevision: provable?.revision ?? null,
      provableFrom: provable?.snapshots ?? [],
      restored:
        restored === undefined
          ? null
          : {
              revision: restored.revision,
              hashKv: restored.hash,
              compactRevision: restored.compactRevision,
              eventsApplied: restored.eventsApplied,
              dbSize: restored.dbSize,
            },
      findings: findings.map(({ weight, snapshot, text }) => ({ weight, snapshot: snapshot ?? null, text })),
    },
  };
}

function isSound({ findings }: VerifyResult): boolean {
  return findings.every(({ weight }) => weight !== 'problem');
}

function refuseProblems(result: VerifyResult): void {
  if (isSound(result)) {
    return;
  }
  const problems = result.findings.filter(({ weight }) => weight === 'problem');
  const { provable } = result;
  throw new Failure({
    code: 'verify_failed',
    action: 'vouch for',
    object: result.location,
    found: `${countText(problems.length, 'problem')} found`,
    remedy:
      provable === undefined
        ? 'nothing in it can be restored: take a full snapshot of the living cluster now'
        : `it can be restored up to revision ${provable.revision} (--to-revision ${provable.revision}); take a full snapshot of the living cluster`,
  });
}
