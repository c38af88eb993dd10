/** Why a change cannot follow the ones before it. */
export type UnfitReason =
  /** Revisions `from`..`to` are missing before it. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  /** It comes after a change of a later revision, `after`. */
  | { readonly kind: 'order'; readonly after: number }
  /** etcd never makes such a change; `fields` lists its fields. */
  | { readonly kind: 'content'; readonly fields: string };

/** A change that does not continue the history it is added to. */
export class UnfitChange extends Error {
  readonly revision: number;
  readonly reason: UnfitReason;

  constructor(revision: number, reason: UnfitReason) {
    super(`the change at revision ${revision} ${describe(reason)}`);
    this.name = 'UnfitChange';
    this.revision = revision;
    this.reason = reason;
  }
}

function describe(reason: UnfitReason): string {
  switch (reason.kind) {
    case 'gap':
      return `does not follow: ${missingText(reason)}`;
    case 'order':
      return `comes after one at revision ${reason.after}`;
    case 'content':
      return `is none that etcd makes: ${reason.fields}`;
    default:
      return reason satisfies never;
  }
}

/** Which revisions are missing, as a sentence without its full stop. */
function missingText({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? `revision ${from} is missing` : `revisions ${from} to ${to} are missing`;
}
