import { decodeRaftRequest } from '../../../src/datadir/raft/raft-request.ts';
import { Alarms } from '../../../src/datadir/replay/alarms.ts';
import { applyRequest } from '../../../src/datadir/replay/apply.ts';
import { Auth, type AuthContents } from '../../../src/datadir/replay/auth.ts';
import { Leases } from '../../../src/datadir/replay/leases.ts';
import { LiveKeys } from '../../../src/datadir/replay/live-keys.ts';
import type { ReplayedChange, StoreState } from '../../../src/datadir/replay/store-state.ts';
import type { VersionRules } from '../../../src/datadir/replay/version-rules.ts';
import { ProtobufWriter } from '../../../src/protobuf/writer.ts';
import { bytes } from './request-messages.ts';
import { versionRulesOf } from './version-rules-of.ts';

/** Users with different rights: `root` may do all, `ann` some, `bob` nothing. */
export const guarded: Partial<AuthContents> = {
  enabled: true,
  users: new Map([
    ['root', ['root']],
    ['ann', ['left', 'right']],
    ['bob', []],
  ]),
  roles: new Map([
    [
      'left',
      [
        { type: 'readwrite', key: 'a', rangeEnd: 'c' },
        { type: 'read', key: 'x', rangeEnd: '' },
      ],
    ],
    [
      'right',
      [
        { type: 'write', key: 'c', rangeEnd: 'e' },
        { type: 'readwrite', key: 'p', rangeEnd: '\0' },
      ],
    ],
  ]),
};

/** A store to which requests are applied, all of one user. */
export class ReplayedStore {
  readonly changes: ReplayedChange[] = [];
  readonly state: StoreState;
  #user = '';
  #authRevision = 0n;

  constructor(auth: Partial<AuthContents> = {}, rules: VersionRules = versionRulesOf('3.6.16')) {
    this.state = {
      revision: 1,
      compactRevision: 0,
      keys: new LiveKeys(),
      leases: new Leases(),
      auth: new Auth({ enabled: false, revision: 5n, users: new Map(), roles: new Map(), ...auth }),
      rules,
      alarms: new Alarms({ nospace: [], corrupt: [] }),
    };
  }

  /** Sets the user of the requests that follow, and the auth revision of its login. */
  as(user: string, authRevision: bigint): this {
    this.#user = user;
    this.#authRevision = authRevision;
    return this;
  }

  /** Applies one request and returns its changes as short texts. */
  apply(field: number, message: Uint8Array): readonly string[] {
    const header = new ProtobufWriter()
      .varint(1, 99)
      .bytes(2, bytes(this.#user))
      .varint(3, this.#authRevision)
      .finish();
    const request = decodeRaftRequest(new ProtobufWriter().bytes(field, message).bytes(100, header).finish());
    const before = this.changes.length;
    applyRequest(this.state, request, (change) => this.changes.push(change));
    return this.changes.slice(before).map(shortText);
  }
}

function shortText(change: ReplayedChange): string {
  const place = `${change.revision}/${change.sub} ${change.key}`;
  return change.kind === 'delete'
    ? `${place} deleted`
    : `${place}=${Buffer.from(change.value)} c${change.createRevision} v${change.version} l${change.lease}`;
}
