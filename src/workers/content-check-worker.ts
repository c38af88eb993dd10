import { ContentCheck, type ContentCheckTask } from '../objects/content-check.ts';
import type { InspectedPart } from '../snapstore/upload/inspection.ts';
import { serveWorker } from './serve-worker.ts';

/** What a {@link ContentCheckThread} asks its worker. `id` names the object. */
export type ContentCheckCalls = {
  readonly begin: {
    readonly request: { readonly id: number; readonly task: ContentCheckTask };
    readonly result: undefined;
  };
  /** The memory below the bytes comes with the request and goes back with the answer. */
  readonly inspect: {
    readonly request: { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> };
    readonly result: InspectedPart;
  };
  /** Throws SnapshotDamage unless the object is sound. */
  readonly verdict: { readonly request: number; readonly result: undefined };
  /** Ends the check of an object. */
  readonly forget: { readonly request: number; readonly result: undefined };
};

const checks = new Map<number, ContentCheck>();

function checkOf(id: number): ContentCheck {
  const check = checks.get(id);
  if (check === undefined) {
    throw new Error(`no object ${id} is being checked`);
  }
  return check;
}

serveWorker<ContentCheckCalls>({
  begin: ({ id, task }) => {
    checks.set(id, new ContentCheck(task));
    return { value: undefined };
  },
  inspect: async ({ id, bytes }) => ({ value: await checkOf(id).inspect(bytes), transfer: [bytes.buffer] }),
  verdict: async (id) => {
    await checkOf(id).verdict();
    return { value: undefined };
  },
  forget: (id) => {
    checkOf(id)[Symbol.dispose]();
    checks.delete(id);
    return { value: undefined };
  },
});
