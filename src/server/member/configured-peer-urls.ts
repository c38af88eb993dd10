import type { OwnMember } from '../../operations/initialize/find-own-member.ts';
import { configuredMember } from '../etcd-config/configured-member.ts';
import { readEtcdConfig } from '../etcd-config/read-etcd-config.ts';

/**
 * Our member with the peer URLs that etcd's configuration has for it; undefined without that file or without the name of a pod, as
 * nothing is known then that etcd should follow. Throws a Failure `member_config`.
 */
export async function configuredPeerUrls(path: string, podName: string | undefined): Promise<OwnMember | undefined> {
  const config = podName === undefined ? undefined : await readEtcdConfig(path);
  return config === undefined ? undefined : configuredMember(config, podName);
}
