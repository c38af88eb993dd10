import { encodePageHeader, type PageKind } from './page.ts';
import type { PageAllocator } from './page-allocator.ts';
import type { PageSink } from './page-sink.ts';

/** Writes a page with a header and no elements, and gives its number. */
export async function writeEmptyPage(kind: PageKind, allocator: PageAllocator, sink: PageSink): Promise<number> {
  const id = allocator.allocate(1);
  const bytes = sink.claim(id, 1) ?? (await sink.claimNext(id, 1));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  encodePageHeader(view, { id, kind, count: 0, overflow: 0 });
  return id;
}
