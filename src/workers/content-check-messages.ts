import type { ContentCheckTask } from '../objects/content-check.ts';
import type { InspectedPart } from '../snapstore/upload/inspection.ts';

/** What a copy tells the thread that checks objects. `id` names the object. */
export type ContentCheckRequest =
  | { readonly kind: 'begin'; readonly id: number; readonly task: ContentCheckTask }
  /** Comes with the memory below the bytes, which goes back with the answer. */
  | { readonly kind: 'part'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'verdict'; readonly id: number }
  | { readonly kind: 'forget'; readonly id: number };

/** What the thread answers. Parts are answered in their order. */
export type ContentCheckAnswer =
  | { readonly kind: 'part'; readonly id: number; readonly part: InspectedPart }
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: ObjectVerdict };

/** What became of a check. */
export type ObjectVerdict =
  | { readonly kind: 'sound' }
  | { readonly kind: 'damage'; readonly reason: string; readonly offset: number | undefined }
  /** The check itself failed. */
  | { readonly kind: 'failed'; readonly reason: string };
