import { Session } from 'node:inspector/promises';
import type { Clock } from '../../../runtime/clock.ts';

/**
 * Samples what the program computes for `ms` milliseconds; the text is a `.cpuprofile` of V8, for Chrome's DevTools and VS Code.
 * Rejects with the signal's reason when it aborts first.
 */
export async function cpuProfile(
  ms: number,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await clock.sleep(ms, signal);
    const { profile } = await session.post('Profiler.stop');
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}
