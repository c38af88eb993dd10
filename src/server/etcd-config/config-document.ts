import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type Node,
  type ParsedNode,
  Scalar,
  visit,
} from 'yaml';
import { peerAddress, readPeerUrl } from '../../datadir/membership/peer-url.ts';
import type { ClusterMember } from '../../etcd/members.ts';
import type { ConfiguredMember } from './configured-member.ts';
import type { EtcdConfig } from './etcd-config.ts';

/** What is known of the cluster that our member belongs to. */
export interface KnownCluster {
  /** Undefined where the cluster was not asked, or did not answer. */
  readonly members: readonly ClusterMember[] | undefined;
  /** Whether this process has met it before; that counts until the cluster says that our member votes. */
  readonly exists: boolean;
}

/** More than any configuration has, once aliases are written out. */
const mostNodes = 100_000;

/**
 * The configuration that etcd starts with, as YAML with sorted keys: the file's, with the values of our own member, and
 * `initial-cluster` cut to the members that exist. Everything else passes as it is written, numbers of any size included.
 */
export function configDocument(config: EtcdConfig, own: ConfiguredMember, cluster: KnownCluster): string {
  const initialCluster = existingEntries(config.text('initial-cluster') ?? '', own.name, cluster.members);
  const document = config.document.clone();
  writeOutAliases(config, document);
  const set = (key: string, text: string): void => document.set(key, textNode(text));
  set('name', own.name);
  set('initial-advertise-peer-urls', own.peerUrls.join(','));
  set('advertise-client-urls', own.clientUrls.join(','));
  set('initial-cluster', initialCluster.map(({ text }) => text).join(','));
  const names = new Set(initialCluster.map(({ name }) => name));
  const { members = [] } = cluster;
  const votes = members.some(({ name, isLearner }) => name === own.name && !isLearner);
  const joins = members.some(({ isLearner }) => isLearner) || (cluster.exists && !votes);
  set('initial-cluster-state', names.size > 1 && joins ? 'existing' : 'new');
  sortAndBare(document);
  return document.toString({ lineWidth: 0 });
}

function textNode(text: string): Scalar {
  const node = new Scalar(text);
  node.type = textStyle(text);
  return node;
}

/** etcd reads YAML 1.1, where some words are no text. */
function textStyle(text: string): 'QUOTE_DOUBLE' | 'PLAIN' {
  return /^(?:y|n|yes|no|on|off|[\d.+-].*)$/i.test(text) ? 'QUOTE_DOUBLE' : 'PLAIN';
}

interface Entry {
  readonly name: string;
  readonly url: string;
  /** As it is written. */
  readonly text: string;
}

/** The entries of members that exist, and our own, in the order of the file; all of them while there is no cluster of several. */
function existingEntries(
  text: string,
  ownName: string,
  members: readonly ClusterMember[] | undefined,
): readonly Entry[] {
  const entries = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const equals = each.indexOf('=');
      return { name: each.slice(0, equals).trim(), url: each.slice(equals + 1).trim(), text: each };
    });
  if (members === undefined || members.length < 2) {
    return entries;
  }
  const names = new Set(members.flatMap(({ name }) => name ?? []));
  // One that was added and has not started yet has no name; etcd counts it all the same when it compares the two lists.
  const unnamed = new Set(members.flatMap(({ name, peerUrls }) => (name === undefined ? peerUrls.map(addressOf) : [])));
  const awaited = new Set(entries.flatMap(({ name, url }) => (unnamed.has(addressOf(url)) ? name : [])));
  return entries.filter(({ name }) => name === ownName || names.has(name) || awaited.has(name));
}

function addressOf(url: string): string {
  const reading = readPeerUrl(url);
  return 'wrong' in reading ? url : peerAddress(reading.value);
}

/** Sorting may bring an alias before its anchor, so each is replaced by a copy of the anchor's value. */
function writeOutAliases(config: EtcdConfig, document: Document): void {
  let nodes = 0;
  visit(document, {
    Alias(_key, alias) {
      const target = alias.resolve(document);
      return target === undefined ? undefined : (target.clone() as ParsedNode);
    },
    Node() {
      nodes += 1;
      if (nodes > mostNodes) {
        throw config.wrong('written out, its aliases are more than etcd reads');
      }
    },
  });
}

/** Sorts the keys of every map, each on a line of its own; comments and anchors are left out, so that the document stays short. */
function sortAndBare(document: Document): void {
  document.comment = null;
  document.commentBefore = null;
  document.directives = undefined;
  visit(document, {
    Node(_key, node: Node) {
      node.comment = null;
      node.commentBefore = null;
      node.spaceBefore = false;
      if ((isScalar(node) || isCollection(node)) && !isAlias(node)) {
        delete node.anchor;
      }
      if (isCollection(node)) {
        node.flow = node.items.length === 0;
      }
      if (isMap(node)) {
        node.items.sort((a, b) => compare(keyText(a), keyText(b)));
      }
    },
    Pair(_key, pair) {
      const { key } = pair;
      pair.value ??= new Scalar(null);
      if (isScalar(key) && typeof key.value === 'string' && key.type?.startsWith('QUOTE')) {
        key.type = textStyle(key.value);
      }
    },
  });
}

function keyText(pair: unknown): string {
  const key = isPair(pair) ? pair.key : undefined;
  return String(isScalar(key) ? key.value : key);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
