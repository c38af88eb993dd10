import { goJsonString } from './go-json.ts';
import { type BootstrapMember, formatId, raftAttributesJson, sortById } from './member.ts';

// etcd up to 3.5 reads the members of a cluster from the v2 store inside the .snap file; newer versions still expect one
// there. It is a tree of nodes below `/0` (cluster) and `/1` (keys, unused), and a ring buffer of the last 1,000 changes. This
// writes the store of a cluster whose members have just been added one by one.
// Source: etcd, server/etcdserver/api/v2store/{store,node,watcher_hub,event_queue}.go.

const NEVER = '0001-01-01T00:00:00Z';
const HISTORY_CAPACITY = 1000;

/** The v2 store of a new cluster, as JSON. */
export function v2StoreJson(members: readonly BootstrapMember[]): string {
  const added = sortById(members).map((member, position) => ({ member, index: position + 1 }));
  const memberNodes = added.map(({ member, index }): NamedNode => {
    const path = `/0/members/${formatId(member.id)}`;
    const attributes = leaf(`${path}/raftAttributes`, index, raftAttributesJson(member));
    return { name: formatId(member.id), json: directory(path, index, [{ name: 'raftAttributes', json: attributes }]) };
  });
  const cluster = directory('/0', 0, [{ name: 'members', json: directory('/0/members', 1, memberNodes) }]);
  const root = directory('/', 0, [
    { name: '0', json: cluster },
    { name: '1', json: directory('/1', 0, []) },
  ]);
  const count = members.length;
  const events = added.slice(-HISTORY_CAPACITY).map(({ member, index }) => createEvent(member, index));
  const ring = [...events, ...Array<string>(HISTORY_CAPACITY - events.length).fill('null')];
  const queue = `{"Events":[${ring.join(',')}],"Size":${count},"Front":0,"Back":${count},"Capacity":${HISTORY_CAPACITY}}`;
  const history = `{"Queue":${queue},"StartIndex":1,"LastIndex":${count}}`;
  return `{"Root":${root},"WatcherHub":{"EventHistory":${history}},"CurrentIndex":${count},"Stats":${stats(count)},"CurrentVersion":2}`;
}

interface NamedNode {
  readonly name: string;
  readonly json: string;
}

function directory(path: string, index: number, children: readonly NamedNode[]): string {
  const sorted = children.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const inner = sorted.map((child) => `${goJsonString(child.name)}:${child.json}`).join(',');
  return node(path, index, '', `{${inner}}`);
}

function leaf(path: string, index: number, value: string): string {
  return node(path, index, value, 'null');
}

function node(path: string, index: number, value: string, children: string): string {
  return `{"Path":${goJsonString(path)},"CreatedIndex":${index},"ModifiedIndex":${index},"ExpireTime":"${NEVER}","Value":${goJsonString(value)},"Children":${children}}`;
}

function createEvent(member: BootstrapMember, index: number): string {
  const key = goJsonString(`/0/members/${formatId(member.id)}/raftAttributes`);
  const value = goJsonString(raftAttributesJson(member));
  return `{"action":"create","node":{"key":${key},"value":${value},"modifiedIndex":${index},"createdIndex":${index}}}`;
}

function stats(creations: number): string {
  const counts = [
    'getsSuccess',
    'getsFail',
    'setsSuccess',
    'setsFail',
    'deleteSuccess',
    'deleteFail',
    'updateSuccess',
    'updateFail',
    'createSuccess',
    'createFail',
    'compareAndSwapSuccess',
    'compareAndSwapFail',
    'compareAndDeleteSuccess',
    'compareAndDeleteFail',
    'expireCount',
    'watchers',
  ];
  return `{${counts.map((name) => `"${name}":${name === 'createSuccess' ? creations : 0}`).join(',')}}`;
}
