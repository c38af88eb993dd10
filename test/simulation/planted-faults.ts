/** A fault that somebody might make in the source. */
export interface PlantedFault {
  readonly name: string;
  /** Texts that take the place of others, where these stand for the first time; two where one line of defence stands after the other. */
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

/** Faults that the simulation has to notice: each in a decision or a promise of the sidecar. See docs/planted-faults.md. */
export const plantedFaults: readonly PlantedFault[] = [
  {
    name: 'publishing without asking for the lead',
    changes: [
      {
        file: 'src/server/publish-permission.ts',
        from: '  return async ({ signal }) => {\n    lost.throwIfAborted();',
        to: '  return async ({ signal }) => {\n    if (signal !== undefined) return;\n    lost.throwIfAborted();',
      },
    ],
  },
  {
    name: 'deleting without asking for the lead',
    changes: [
      {
        file: 'src/server/publish-permission.ts',
        from: '    if (leadership.hasLedWithin(freshMs)) {',
        to: '    if (signal !== undefined || leadership.hasLedWithin(freshMs)) {',
      },
    ],
  },
  {
    name: 'demoted writer not aborted',
    changes: [
      {
        file: 'src/server/sidecar-life.ts',
        from: 'stopLeading: (why) => this.#leads.end(leadLost(location, why)),',
        to: 'stopLeading: (why) => void leadLost(location, why),',
      },
    ],
  },
  {
    name: 'a lost look counts for as long as it takes (woken process)',
    changes: [
      {
        file: 'src/server/own-member.ts',
        from: 'return clock.monotonic() - begunAt > timeoutMs ? late : answer;',
        to: 'return answer;',
      },
    ],
  },
  {
    name: 'cut one revision too late',
    changes: [
      {
        file: 'src/operations/snapshot/full/attempt.ts',
        from: 'buffer.cutAt(lastRevision)',
        to: 'buffer.cutAt((lastRevision + 1) as never)',
      },
    ],
  },
  {
    name: 'no cut at a full',
    changes: [
      {
        file: 'src/operations/snapshot/full/attempt.ts',
        from: "buffer.cutAt(lastRevision) === 'cut' ? now() : openedAt;",
        to: 'now();',
      },
    ],
  },
  {
    name: 'a full discards what came after it',
    changes: [
      {
        file: 'src/operations/snapshot/full/attempt.ts',
        from: 'buffer.coverUpTo(lastRevision);',
        to: 'buffer.clear();',
      },
    ],
  },
  {
    name: 'requests coalesced for ever',
    changes: [{ file: 'src/server/coalesced-requests.ts', from: '      this.#waiting.delete(key);\n', to: '' }],
  },
  {
    name: 'requests that do not end with their run',
    changes: [
      {
        file: 'src/operations/snapshot/run-requests.ts',
        from: '    const result = work(signal);',
        to: '    const result = work(new AbortController().signal);',
      },
    ],
  },
  {
    name: 'wiped directory counts as healthy',
    changes: [
      {
        file: 'src/operations/initialize/validate.ts',
        from: "      return { state: 'absent' };",
        to: "      return { state: 'valid', revision: revision(1) };",
      },
    ],
  },
  {
    name: 'damage of files passed over',
    changes: [
      {
        file: 'src/operations/initialize/validate.ts',
        from: "found.state === 'valid' && validation.mode === 'full'",
        to: "found.state === 'valid' && validation.mode !== 'full'",
      },
    ],
  },
  {
    name: 'a start is swallowed',
    changes: [{ file: 'src/server/initialization.ts', from: '        state.next = mode;\n', to: '' }],
  },
  {
    name: 'a remembered start forgets its mode',
    changes: [
      {
        file: 'src/server/initialization.ts',
        from: '      this.#begin(state.next);',
        to: "      this.#begin('sanity');",
      },
    ],
  },
  {
    name: 'lease of fulls lowered',
    changes: [
      {
        file: 'src/kube/lease-patches.ts',
        from: 'held !== undefined && held > full.lastRevision',
        to: 'held !== undefined && held < 0n',
      },
    ],
  },
  {
    name: 'a failed renewal of the lease of fulls is dropped',
    changes: [
      {
        file: 'src/server/leases/snapshot-leases.ts',
        from: '        this.#fulls.offerAgain(full);\n',
        to: '',
      },
    ],
  },
  {
    name: 'lease of deltas lowered',
    changes: [
      {
        file: 'src/kube/lease-patches.ts',
        from: 'held === undefined || (lastRevision ?? 0) > held',
        to: 'held !== undefined || (lastRevision ?? 0) > 0',
      },
    ],
  },
  {
    name: 'member lease not renewed after a pause',
    changes: [
      {
        file: 'src/server/transitions.ts',
        from: "const back: readonly RoleCommand[] = ['renew member lease', 'check peer urls'];",
        to: "const back: readonly RoleCommand[] = ['check peer urls'];",
      },
    ],
  },
  {
    name: 'collection ignores the newest chain',
    changes: [
      {
        file: 'src/operations/prune/prune.ts',
        from: "  if (decision.action === 'keep') {",
        to: "  if (decision.action === 'keep' && snapshot.kind === 'Full') {",
      },
    ],
  },
  {
    name: 'what remembers a cluster is ignored',
    changes: [
      {
        file: 'src/operations/initialize/decide.ts',
        from: '  if (remembered) {',
        to: "  if (remembered && store === 'unusable') {",
      },
    ],
  },
  {
    name: 'one of several restored alone',
    changes: [
      {
        file: 'src/operations/initialize/decide.ts',
        from: "decidedBy === 'person' ? { action: 'restore' } : refuse('members lost')",
        to: "{ action: 'restore' }",
      },
    ],
  },
  {
    name: 'a cluster that answers is not asked',
    changes: [
      {
        file: 'src/operations/initialize/settle-directory.ts',
        from: "cluster: place?.kind ?? 'not asked',",
        to: "cluster: 'not asked',",
      },
    ],
  },
  {
    name: 'valid member rebuilt',
    changes: [
      {
        file: 'src/operations/initialize/decide.ts',
        from: "{ action: found === 'valid' && files !== 'a removed member' ? 'keep' : 'rebuild' };",
        to: "{ action: 'rebuild' };",
      },
    ],
  },
  {
    name: 'invalid directory of several emptied without a cluster',
    changes: [
      {
        file: 'src/operations/initialize/decide.ts',
        from: "      if (found === 'absent') {",
        to: "      if (found !== 'locked') {",
      },
    ],
  },
  {
    name: 'learner never promoted',
    changes: [
      {
        file: 'src/server/transitions.ts',
        from: "to: 'follower', commands: ['promote'] },",
        to: "to: 'follower', commands: [] },",
      },
    ],
  },
  {
    name: 'rebuild does not take the member out',
    changes: [
      {
        file: 'src/operations/initialize/settle-directory.ts',
        from: "      await call(request.cluster, 'leave', context);\n",
        to: '',
      },
    ],
  },
  {
    name: 'peer URLs never updated',
    changes: [
      {
        file: 'src/server/member/compare-peer-urls.ts',
        from: '  if (sorted(self.peerUrls) === sorted(own.peerUrls)) {',
        to: "  if (own.name !== '') {",
      },
    ],
  },
  {
    name: 'wrapper not asked to stop',
    changes: [
      { file: 'src/server/member/cluster-membership.ts', from: '    await this.#stopWrapper?.({ signal });\n', to: '' },
    ],
  },
  {
    name: 'goes on one revision after the backup',
    changes: [
      {
        file: 'src/operations/snapshot/snapshotter.ts',
        from: 'this.#tasks(nextRevision(covered), ',
        to: 'this.#tasks(nextRevision(nextRevision(covered)), ',
      },
    ],
  },
  {
    name: 'last delta not written at a stop',
    changes: [
      {
        file: 'src/operations/snapshot/snapshotter.ts',
        from: '      await this.#parts.uploadLoop.writeLast();',
        to: '      await Promise.resolve();',
      },
    ],
  },
  {
    name: 'snapshots not begun again after a failure',
    changes: [
      {
        file: 'src/server/leader-snapshotter.ts',
        from: '        ending.throwIfAborted();\n      }',
        to: '        return;\n      }',
      },
    ],
  },
  {
    name: 'health without a lead',
    changes: [
      {
        file: 'src/server/state.ts',
        from: "return role === 'leader' && probe === 'answered' && initialization === 'none';",
        to: "return probe === 'answered' && initialization === 'none';",
      },
      {
        file: 'src/server/state.ts',
        from: "const unproved = { ...looked, probe: 'awaited', snapshotter",
        to: 'const unproved = { ...looked, snapshotter',
      },
    ],
  },
  {
    name: 'health lost by an initialization',
    changes: [
      {
        file: 'src/server/state.ts',
        from: "state.initialization === 'none' ? { ...looked, probe: 'answered' } : looked",
        to: 'looked',
      },
    ],
  },
  {
    name: 'health during an initialization',
    changes: [
      {
        file: 'src/server/state.ts',
        from: "probe === 'answered' && initialization === 'none';\n",
        to: "probe === 'answered';\n",
      },
      {
        file: 'src/server/state.ts',
        from: "initialization: 'running', probe: 'awaited' }",
        to: "initialization: 'running' }",
      },
    ],
  },
  {
    name: 'a delta tried again gets another name',
    changes: [
      {
        file: 'src/operations/snapshot/delta/upload-loop.ts',
        from: 'saveDeltaSnapshot({ ...request, covered: chain.covered }, this.#context)',
        to: 'saveDeltaSnapshot({ ...request, createdOn: Math.floor(clock.now() / 1000), covered: chain.covered }, this.#context)',
      },
    ],
  },
  {
    name: 'stale database stored',
    changes: [
      {
        file: 'src/operations/snapshot/full/attempt.ts',
        from: '  if (lastRevision < chain.needed) {',
        to: '  if (lastRevision < 0) {',
      },
      {
        file: 'src/operations/snapshot/full/catch-up.ts',
        from: '    if (revision >= reaching) {',
        to: '    if (revision >= 0) {',
      },
    ],
  },
  {
    name: 'a request waits for nothing',
    changes: [
      {
        file: 'src/operations/snapshot/delta/requested-delta.ts',
        from: '  await Promise.race([arrived, clock.sleep(arrivalMs, bounded).catch(() => undefined)]);\n',
        to: '',
      },
      {
        file: 'src/operations/snapshot/delta/requested-delta.ts',
        from: 'chain.covered < accepted',
        to: 'chain.covered < 0',
      },
    ],
  },
];
