import type { MembershipPlan } from '../../datadir/membership/bootstrap.ts';
import type { InitialCluster } from '../../datadir/membership/initial-cluster.ts';
import { type PeerUrl, readPeerUrl } from '../../datadir/membership/peer-url.ts';
import { Failure } from '../../runtime/failure.ts';
import type { EtcdConfig, EtcdConfigKey } from './etcd-config.ts';

/** Our member, as etcd's configuration has it. */
export interface ConfiguredMember {
  readonly name: string;
  /** Addresses for the other members, in the order of the file; at least one. */
  readonly peerUrls: readonly PeerUrl[];
  /** Addresses for clients, in the order of the file; at least one. */
  readonly clientUrls: readonly string[];
  /** All members by name. */
  readonly initialCluster: InitialCluster;
}

/**
 * Finds our member in etcd's configuration: by the name of the pod, after `member-name-prefix` and a hyphen where that is given. The
 * keys of URLs are lists by member name, or, for a single member, etcd's own text with commas. Throws a {@link Failure}
 * `member_config` that names what is missing or wrong.
 */
export function configuredMember(config: EtcdConfig, podName: string | undefined): ConfiguredMember {
  const name = memberName(config, podName);
  const initialCluster = config.initialCluster();
  if (initialCluster === undefined) {
    throw config.wrong('initial-cluster is missing');
  }
  if (!initialCluster.has(name)) {
    const names = [...initialCluster.keys()].join(', ');
    throw config.wrong(`initial-cluster names ${names}, and this member is called ${name} by its pod`);
  }
  const single = initialCluster.size === 1;
  return {
    name,
    peerUrls: urlsOf(config, 'initial-advertise-peer-urls', { name, single }),
    clientUrls: urlsOf(config, 'advertise-client-urls', { name, single }),
    initialCluster,
  };
}

/** What a restore writes of our member and its cluster. */
export function membershipPlan(
  config: EtcdConfig,
  { name, peerUrls, initialCluster }: ConfiguredMember,
): MembershipPlan {
  return {
    name,
    initialCluster,
    initialClusterToken: config.text('initial-cluster-token') ?? 'etcd-cluster',
    initialAdvertisePeerUrls: peerUrls,
  };
}

function memberName(config: EtcdConfig, podName: string | undefined): string {
  if (podName === undefined) {
    throw new Failure({
      code: 'member_config',
      action: 'find',
      object: `our member in etcd's configuration ${config.path}`,
      found: 'the variable POD_NAME is not set',
      remedy: 'set it to the name of the pod (fieldRef metadata.name)',
    });
  }
  const prefix = config.text('member-name-prefix');
  return prefix === undefined ? podName : `${prefix}-${podName}`;
}

function urlsOf(
  config: EtcdConfig,
  key: EtcdConfigKey,
  { name, single }: { readonly name: string; readonly single: boolean },
): readonly PeerUrl[] {
  const value = config.value(key);
  if (value === undefined) {
    throw config.wrong(`${key} is missing`);
  }
  if (typeof value === 'string' && !single) {
    throw config.wrong(`${key} is one text, and there are several members; it has to be a list of URLs by member name`);
  }
  const texts = typeof value === 'string' ? textsIn(value) : listFor(config, { key, value, name });
  if (texts.length === 0) {
    throw config.wrong(`${key} has no URL for ${name}`);
  }
  return texts.map((text) => {
    // etcd has one rule for the URLs of peers and of clients.
    const reading = readPeerUrl(text);
    if ('wrong' in reading) {
      throw config.wrong(`${key} of ${name}: ${reading.wrong}`);
    }
    return reading.value;
  });
}

function textsIn(value: string): readonly string[] {
  return value.split(',').filter((text) => text.trim() !== '');
}

function listFor(
  config: EtcdConfig,
  { key, value, name }: { readonly key: EtcdConfigKey; readonly value: unknown; readonly name: string },
): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw config.wrong(`${key} is no list of URLs by member name`);
  }
  const list: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  if (list === undefined || list === null) {
    throw config.wrong(`${key} has no entry for ${name}`);
  }
  if (!Array.isArray(list) || !list.every((url) => typeof url === 'string')) {
    throw config.wrong(`${key} of ${name} is no list of URLs`);
  }
  return list;
}
