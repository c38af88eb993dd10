import { identityOptions } from '../config/options/encryption.ts';
import { loggingOptions, reportOptions } from '../config/options/logging.ts';
import { storeOptions } from '../config/options/store.ts';
import { verifyOptions } from '../config/options/verify.ts';
import type { VerifyResult } from '../operations/verify/verify.ts';
import { Failure } from '../runtime/failure.ts';
import { countText, formatBytes, formatCount } from '../runtime/log/amount.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { StoreError } from '../snapstore/store-error.ts';
import { command } from './command.ts';
import { quotaRemark } from './output/quota-remark.ts';
import { formatReport, keyValueLines, type Report } from './output/report.ts';
import { stateTime } from './output/state-time.ts';
import { Stopwatch } from './output/stopwatch.ts';
import type { CommandContext } from './session.ts';

/** `etcdbrctl verify`. */
export const verifyCommand = command({
  name: 'verify',
  description:
    'Reads the objects of a store, shows what is missing or damaged, and names the last revision that provably can be ' +
    'restored. Nothing in the store is changed, but for the proof that --record writes. Exit code 0 means that nothing is wrong with what was looked at, and ' +
    'that the newest state can be restored.',
  examples: [
    {
      does: 'Check every object, page and event:',
      command: 'etcdbrctl verify --storage-provider Local --store-container /backup',
    },
    {
      does: 'Once a day, by a timer: restore the newest state, and record that for fleet list:',
      command: 'etcdbrctl verify --level restore --record --storage-provider S3 --store-container etcd-backup',
    },
    {
      does: 'In a large store: restore the newest chain, and read 20 other objects:',
      command: 'etcdbrctl verify --level restore --sample 20 --storage-provider S3 --store-container etcd-backup',
    },
  ],
  groups: {
    verify: verifyOptions,
    store: storeOptions,
    identity: identityOptions,
    output: reportOptions,
    logging: loggingOptions,
  },
  async run({ config, context, print }) {
    const { openReadStore } = await import('./open-store.ts');
    const { verifyBackups } = await import('../operations/verify/verify.ts');
    await using store = await openReadStore(config.store, config.identity, context);
    const { record, ...how } = config.verify;
    const watch = new Stopwatch(context.clock);
    const result = await verifyBackups({ store, ...how }, context);
    // Where nothing is, the place may be mistyped: nothing is written there.
    const recorded = record && result.objects > 0 ? await recordedProof(result, store, context) : { key: undefined };
    await print(await formatReport(verifyReport(result, { recorded: recorded.key, watch }), config.output.format));
    if (result.objects === 0) {
      throw await nothingStored(store, context);
    }
    refuseProblems(result);
    if ('error' in recorded) {
      throw recorded.error;
    }
  },
});

/** A place that is mistyped holds nothing either: then a full of the running cluster would be of no help. */
async function nothingStored(store: SnapStore, context: CommandContext): Promise<Failure> {
  const { whyNothingFound } = await import('../operations/list/why-nothing-found.ts');
  const { found, remedy } = await whyNothingFound(store, { wanted: 'snapshot', flags: 'store' }, context);
  return new Failure({
    code: 'verify_failed',
    action: 'verify',
    object: store.location,
    found,
    remedy: `${remedy}; where that is right, nothing is backed up: see etcdbrctl snapshot --once`,
  });
}

/** What is wrong with the backup is reported first; that the proof could not be written comes after it. */
async function recordedProof(
  result: VerifyResult,
  store: SnapStore,
  context: CommandContext,
): Promise<{ readonly key: string | undefined; readonly error?: StoreError }> {
  const { recordProof } = await import('../operations/verify/record-proof.ts');
  try {
    return { key: await recordProof(result, store, context) };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof StoreError)) {
      throw error;
    }
    return { key: undefined, error };
  }
}

function provableText(provable: VerifyResult['provable']): string {
  if (provable === undefined) {
    return 'nothing';
  }
  const state = stateTime(provable.snapshots, provable.revision);
  return `revision ${provable.revision}${state === undefined ? '' : `, the state of ${state}`}`;
}

/** A verification as a table and as data; `recorded` is the key that its proof was written to. */
function verifyReport(
  result: VerifyResult,
  { recorded, watch }: { readonly recorded: string | undefined; readonly watch: Stopwatch },
): Report {
  const { location, level, findings, chains, objects, read, companions, newestRevision, provable, restored } = result;
  const hash = restored === undefined ? undefined : `${restored.hash} (compact revision ${restored.compactRevision})`;
  return {
    table: [
      ...keyValueLines([
        ['Store', location],
        ['Result', verdict(result)],
        ['Level', level],
        ['History', result.histories === 1 ? undefined : `${result.history} of ${result.histories}`],
        ['Snapshots', `${countText(objects, 'object')} in ${countText(chains, 'chain')}, ${read} read`],
        ['Companions', companions === 0 ? undefined : countText(companions, 'archive')],
        ['Newest revision', newestRevision === undefined ? 'none' : String(newestRevision)],
        ['Restorable up to', provableText(provable)],
        ['Proof', recorded],
        ['Events applied', restored === undefined ? undefined : formatCount(restored.eventsApplied)],
        ['HashKV', hash],
        ['Database size', restored === undefined ? undefined : formatBytes(restored.dbSize)],
        ['Quota', restored === undefined ? undefined : quotaRemark(restored.dbSize)],
        watch.line,
      ]),
      ...findings.map(
        ({ weight, snapshot, text }) => `${weight}: ${snapshot === undefined ? '' : `${snapshot}: `}${text}`,
      ),
    ],
    data: {
      location,
      level,
      history: result.history,
      histories: result.histories,
      forked: result.forked,
      sound: isSound(result),
      chains,
      objects,
      read,
      companions,
      newestRevision: newestRevision ?? null,
      seconds: watch.seconds,
      provableRevision: provable?.revision ?? null,
      provableFrom: provable?.snapshots ?? [],
      provableStateOf: stateTime(provable?.snapshots ?? [], provable?.revision) ?? null,
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
      recorded: recorded ?? null,
      findings: findings.map(({ weight, snapshot, text, unopened, unread }) => ({
        ...{ weight, snapshot: snapshot ?? null, text },
        ...(unopened === true && { unopened }),
        ...(unread === true && { unread }),
      })),
    },
  };
}

/** The answer to the question that the command was asked. */
function verdict(result: VerifyResult): string {
  const problems = result.findings.filter(({ weight }) => weight === 'problem').length;
  if (problems > 0) {
    return `${countText(problems, 'problem')} found`;
  }
  const { level, read, objects } = result;
  const unopened = result.findings.filter((finding) => finding.unopened === true).length;
  if (unopened > 0) {
    return `what could be opened is sound; ${countText(unopened, 'encrypted object')} could not, see the notes`;
  }
  const limits =
    level === 'catalog'
      ? ', as far as the names say; no object was read'
      : read < objects
        ? `, as far as ${formatCount(read)} of ${countText(objects, 'snapshot')} show; the others were not read`
        : '';
  return `everything is sound${limits}`;
}

function isSound({ findings }: VerifyResult): boolean {
  return findings.every(({ weight }) => weight !== 'problem');
}

function refuseProblems(result: VerifyResult): void {
  if (isSound(result)) {
    return;
  }
  const problems = result.findings.filter(({ weight }) => weight === 'problem');
  const { provable, forked, elsewhere } = result;
  const other = elsewhere === undefined ? '' : `; ${elsewhere}`;
  if (problems.every(({ unopened }) => unopened === true)) {
    throw new Failure({
      code: 'no_identity',
      action: 'verify',
      object: result.location,
      found: `${countText(problems.length, 'object')} of the newest chain could not be opened, and nothing else is wrong`,
      remedy: 'give the secret key of one of their recipients with --identity; --level catalog needs none',
    });
  }
  const isUnread = problems.some(({ unread }) => unread === true);
  const again =
    'what could not be read may be sound: the reason is next to its name; mend that, and run etcdbrctl verify again';
  const nothing = forked
    ? 'choose one of the two histories with etcdbrctl restore --snapshot, and take a full snapshot of the running cluster; see docs/histories.md'
    : isUnread
      ? again
      : 'nothing in it can be restored: take a full snapshot of the running cluster now';
  throw new Failure({
    code: 'verify_failed',
    action: 'verify',
    object: result.location,
    found: `${countText(problems.length, 'problem')} found`,
    remedy: `${
      provable === undefined
        ? nothing
        : `it can be restored up to revision ${provable.revision} (etcdbrctl restore --to-revision ${provable.revision}); ${isUnread ? again : 'take a full snapshot of the running cluster'}`
    }${other}`,
  });
}
