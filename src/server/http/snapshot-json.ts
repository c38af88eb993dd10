import { packingSuffix, relativeKey } from '../../snapshot/name.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { LatestSnapshots } from '../sidecar.ts';

/** Where a snapshot comes from: only those of a listing show where they are. */
export type SnapshotOrigin = 'taken' | 'listed';

/** A snapshot as the Go program encodes it: keys in its order and spelling, no line end. `null` when there is none. */
export function snapshotJson(snapshot: StoredSnapshot | undefined, origin: SnapshotOrigin): string {
  return goText(JSON.stringify(snapshot === undefined ? null : snapshotObject(snapshot, origin)));
}

/** The body of /snapshot/latest. A list of no deltas is `null`, as Go encodes a slice that was never filled. */
export function latestJson({ full, deltas }: LatestSnapshots): string {
  const listed = deltas.map((delta) => snapshotObject(delta, 'listed'));
  return goText(
    JSON.stringify({
      fullSnapshot: full === undefined ? null : snapshotObject(full, 'listed'),
      deltaSnapshots: listed.length === 0 ? null : listed,
    }),
  );
}

function snapshotObject(snapshot: StoredSnapshot, origin: SnapshotOrigin): Readonly<Record<string, unknown>> {
  return {
    createdOn: goTime(snapshot.createdOn * 1_000),
    // The spelling is that of the Go program.
    immutabilityExpriyTime: goTime(snapshot.immutableUntil),
    versionID: snapshot.versionId ?? null,
    kind: snapshot.kind,
    snapDir: snapshot.directory,
    snapName: snapshot.name,
    prefix: origin === 'taken' ? '' : prefixOf(snapshot),
    compressionSuffix: packingSuffix(snapshot),
    startRevision: snapshot.startRevision,
    lastRevision: snapshot.lastRevision,
    isChunk: snapshot.chunk !== undefined,
    isFinal: snapshot.isFinal,
  };
}

/** What precedes directory and name in the key: `prefix/v2/`. */
function prefixOf(snapshot: StoredSnapshot): string {
  const relative = relativeKey(snapshot);
  return snapshot.key.endsWith(relative) ? `${snapshot.key.slice(0, -relative.length)}${snapshot.layout}/` : '';
}

/** RFC 3339 in UTC, a fraction only where there is one, as Go prints it; undefined is Go's zero time. `ms` since the epoch. */
function goTime(ms: number | undefined): string {
  return ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}

/** Go's encoder escapes what HTML would read, and the line ends of JavaScript; JSON.stringify does not. */
function goText(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
