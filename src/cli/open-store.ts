import type { ValuesOf } from '../config/option.ts';
import type { storeOptions } from '../config/options/store.ts';
import { Failure } from '../runtime/failure.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';

/** Opens the store that the options describe. Without a provider that is a local directory. */
export function openStore(
  options: ValuesOf<(typeof storeOptions)['options']>,
  _context: RunContext,
): Promise<SnapStore> {
  return Promise.reject(
    new Failure({ code: 'not_built', action: 'open store', object: options.provider ?? 'Local', found: 'not built' }),
  );
}
