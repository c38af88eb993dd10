import path from 'node:path';
import { clusterIdText } from '../../etcd/cluster-history.ts';
import { Failure } from '../../runtime/failure.ts';
import { type DataDirState, reasonOf } from './data-dir-state.ts';
import type { Refusal } from './decide.ts';
import type { InitializeRequest } from './initialize-request.ts';
import type { PlaceInCluster } from './place-in-cluster.ts';
import type { StoredBackups } from './stored-backups.ts';

/** What a refusal is about. */
export interface Refused {
  readonly request: InitializeRequest;
  readonly found: DataDirState;
  readonly stored: StoredBackups;
  /** Undefined where no cluster was asked. */
  readonly place: PlaceInCluster | undefined;
}

const allLost =
  "if all members are lost: scale to 0, delete the volumes and member leases of all, leave this one alone in etcd's " +
  'configuration and start it, which restores the newest backup; then scale up. Nothing was changed';

const askedBySidecar = "initial-cluster in etcd's configuration, --endpoints and --service-endpoints";

/** Why nothing is done about a directory, and what a person has to do. */
export function refusalFailure(because: Refusal, refused: Refused): Failure {
  const { request, found, stored } = refused;
  const parts = { action: 'initialize', object: request.dataDir };
  const reason = reasonOf(found);
  switch (because) {
    case 'wrong volume':
      return new Failure({ ...parts, code: 'wrong_volume', found: reason, remedy: 'mount the right volume' });
    case 'locked':
      return new Failure({ ...parts, code: 'data_dir_locked', found: reason, remedy: 'stop the etcd that runs on it' });
    case 'store unusable':
      return stored.content === 'unusable' ? stored.failure : noStore(refused);
    case 'no store':
      return noStore(refused);
    case 'cluster alive':
      return clusterAlive(refused);
    case 'no quorum':
      return new Failure({
        ...parts,
        code: 'cluster_unreachable',
        found: `${reason}; ${rememberedIn(refused)}, and no quorum of its cluster answers`,
        remedy:
          request.cluster === undefined
            ? 'start the other members, and run this again: it then says how this one joins them; if they are lost, stop what is left of ' +
              'them, and restore all members from the backup. Nothing was changed'
            : `start the other members: this one then joins again and gets everything from them; ${allLost}`,
        cause: causeIn(refused),
      });
    case 'members lost':
      return new Failure({
        ...parts,
        code: 'cluster_lost',
        found: `${reason}; there are backups, and no cluster answers, while one of several is never restored by itself`,
        remedy: `start the other members, from which this one gets everything; ${allLost}`,
        cause: causeIn(refused),
      });
    case 'cluster unreachable':
      return new Failure({
        ...parts,
        code: 'data_dir_invalid',
        found: `${reason}; there is no backup, and no other member of its cluster answers`,
        remedy:
          'start the others and remove the member and add it again, or, if all members are new, move member/ away',
        cause: causeIn(refused),
      });
    case 'files of another member':
    case 'files of another cluster':
      return wrongMember(because, refused);
    default:
      return because satisfies never;
  }
}

function wrongMember(because: 'files of another member' | 'files of another cluster', refused: Refused): Failure {
  const { dataDir, cluster } = refused.request;
  const asked = cluster === undefined ? '--initial-cluster, --endpoints and --service-endpoints' : askedBySidecar;
  const found =
    because === 'files of another member'
      ? 'that of another member of the cluster'
      : 'of another cluster than the one that answers';
  return new Failure({
    action: 'initialize',
    object: dataDir,
    code: 'wrong_member',
    found: `its log is ${found}${answersAt(refused)}`,
    remedy:
      `mount the volume of this member there, or give the right --data-dir; where that is right, correct who is asked: ${asked}; where ` +
      `what it holds is not wanted any more, move ${path.join(dataDir, 'member')} away and start again: the member then joins the cluster that answers. ` +
      'Nothing was changed',
  });
}

function noStore({ request, found }: Refused): Failure {
  return new Failure({
    code: 'data_dir_invalid',
    action: 'initialize',
    object: request.dataDir,
    found: reasonOf(found),
    remedy: 'configure the store that holds its backups, or move it away to start a new member',
  });
}

function clusterAlive({ request: { dataDir, member }, place }: Refused): Failure {
  const urls = place === undefined || place.kind === 'unreachable' ? [] : place.urls;
  const etcdctl = `etcdctl --endpoints=${urls.join(',')} member`;
  const id = place !== undefined && 'memberId' in place ? place.memberId : undefined;
  const remove = id === undefined ? '' : `\`${etcdctl} remove ${id.toString(16)}\`, then `;
  const add = `\`${etcdctl} add ${member.name} --learner --peer-urls=${member.initialAdvertisePeerUrls.join(',')}\``;
  return new Failure({
    code: 'cluster_alive',
    action: 'initialize',
    object: dataDir,
    found: `its cluster is alive (${urls.join(', ')}), and ${member.name} restored alone would contradict what it has agreed to`,
    remedy: `run ${remove}${add}, then this again and etcd with --initial-cluster-state=existing, and at last \`${etcdctl} promote ID\`. Nothing was changed`,
  });
}

function answersAt({ place }: Refused): string {
  if (place === undefined || place.kind === 'unreachable') {
    return '';
  }
  const id = place.clusterId === undefined ? '' : `, cluster ${clusterIdText(place.clusterId)}`;
  return ` (${place.urls.join(', ')}${id})`;
}

function rememberedIn({ place }: Refused): string {
  return place?.kind === 'unreachable' ? (place.remembered ?? '') : '';
}

function causeIn({ place }: Refused): Failure | undefined {
  return place?.kind === 'unreachable' ? place.failure : undefined;
}
