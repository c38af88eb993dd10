import type { RunContext } from '../../runtime/run-context.ts';
import type { Companion, CompanionStore } from '../../snapstore/backups/companion-store.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { checkCompanion, companionDamage } from '../companion/read-companion.ts';
import { type Finding, refusalText, unopenedFinding } from './findings.ts';
import type { VerifyRequest } from './request.ts';

/** What reading the companions of a store showed. */
export interface CompanionExamination {
  readonly count: number;
  readonly findings: readonly Finding[];
}

/** Reads every companion, but at level `catalog`, where they are only counted. Throws a StoreError when they cannot be listed. */
export async function examineCompanions(
  { store, level }: Pick<VerifyRequest, 'store' | 'level'>,
  context: RunContext,
): Promise<CompanionExamination> {
  const { companions } = store;
  const all = (await companions?.list({ signal: context.signal })) ?? [];
  const findings: Finding[] = [];
  if (companions === undefined || level === 'catalog') {
    return { count: all.length, findings };
  }
  for (const companion of all) {
    try {
      await checkCompanion(companions, companion, context);
    } catch (error) {
      context.signal.throwIfAborted();
      if (await isReplaced(error, companion, { companions, context })) {
        findings.push({
          weight: 'note',
          snapshot: companion.name,
          text: 'it was deleted meanwhile, a newer one is there',
        });
        continue;
      }
      const unopened = unopenedFinding(error, companion.name);
      if (unopened !== undefined) {
        findings.push({ ...unopened, weight: 'note' });
        continue;
      }
      const damage = companionDamage(error);
      const text = damage === undefined ? refusalText(error) : `it is damaged: ${damage}`;
      if (text === undefined) {
        throw error;
      }
      findings.push({ weight: 'problem', snapshot: companion.name, text });
    }
  }
  return { count: all.length, findings };
}

/** Whether a companion is gone as each is that a backup which goes on does not keep: the newest always stays. */
async function isReplaced(
  error: unknown,
  { key, createdOn }: Companion,
  { companions, context }: { readonly companions: CompanionStore; readonly context: RunContext },
): Promise<boolean> {
  if (!(error instanceof StoreError && error.kind === 'not_found')) {
    return false;
  }
  const listed = await companions.list({ signal: context.signal });
  return listed.every((each) => each.key !== key) && listed.some((each) => each.createdOn >= createdOn);
}
