import type { PrometheusMetrics } from '../metrics/prometheus-metrics.ts';
import { Schedule } from '../operations/snapshot/schedule.ts';
import { type BackupStatus, isUnopened } from '../server/backup-status.ts';
import type { AuthTokens } from '../server/http/access/auth-tokens.ts';
import { askPeerProof } from '../server/peer-proof.ts';
import type { SidecarParts } from '../server/sidecar-parts.ts';
import type { VerificationEvent } from '../server/verification-task.ts';
import type { ServerInvocation } from './server-invocation.ts';
import { sidecarAuthorities } from './sidecar-authorities.ts';
import { dailySchedule, proveInProcess, unopenedFailure } from './verification.ts';

/** When and how the backup at `location` is verified; undefined where it is off or there is no store. */
export function verificationOf(
  invocation: ServerInvocation,
  {
    metrics,
    status,
    location,
    tokens,
    isEncrypted,
  }: {
    readonly metrics: PrometheusMetrics;
    readonly status: BackupStatus;
    readonly location: string | undefined;
    readonly tokens: Pick<AuthTokens, 'own'> | undefined;
    readonly isEncrypted: boolean;
  },
): SidecarParts['verification'] {
  const { config, pod, context } = invocation;
  const { provider, container = '', prefix } = config.store;
  const { schedule = dailySchedule([pod.name, provider, container, prefix].join(' ')) } = config.verification;
  if (location === undefined || schedule === 'off') {
    return undefined;
  }
  const isBlind = isEncrypted && config.identity.identityFiles.length === 0;
  if (isBlind) {
    status.unprovable(unopenedFailure('it is encrypted, and no --identity is given'));
    metrics.verification('unopened');
  }
  const { port, certFile } = config.server;
  const caFile = sidecarAuthorities(config);
  const peers = { port, security: { tls: certFile !== undefined, caFile, token: tokens && (() => tokens.own()) } };
  return {
    schedule: new Schedule(schedule),
    prove: ({ signal }) => proveInProcess({ ...invocation, tempDir: config.store.tempDir }, { signal }),
    // A directory of the same name is another one in each pod, unless somebody mounts the same.
    sharedStore: provider === 'Local' ? undefined : location,
    askProof: (clientUrl, { signal }) => askPeerProof(clientUrl, peers, { signal, clock: context.clock }),
    listener: (event: VerificationEvent): void => {
      if (event.type === 'left to another' && isBlind) {
        // That does not change before it is started with an identity, whichever member verifies.
        return;
      }
      status.verification(event);
      if (event.type === 'left to another') {
        metrics.verification(event.type);
      } else if (event.type === 'verified') {
        const { sound, provable: revision, stateOf } = event.proof;
        metrics.verification({
          at: event.at,
          sound,
          provable: revision === undefined ? undefined : { revision, stateOf },
        });
      } else if (event.type === 'verification failed' && isUnopened(event.error)) {
        // Nothing shows that it is damaged.
        metrics.verification('unopened');
      } else if (event.type === 'verification failed') {
        metrics.verification({ at: event.at, sound: false, provable: undefined });
      }
    },
  };
}
