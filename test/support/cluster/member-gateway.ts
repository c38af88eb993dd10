import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { boundedRequest, type ClientFiles } from './bounded-request.ts';

/** What a member says of itself. Ids are decimal texts. */
export interface GatewayStatus {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: number;
  /** `0` or undefined without a leader. */
  readonly leader: string | undefined;
  readonly isLearner: boolean;
}

/** A member of a list. */
export interface GatewayMember {
  readonly id: string;
  /** Empty while it has not started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/** One etcd member, asked through its JSON gateway, with a bound for each answer. */
export class MemberGateway implements Disposable {
  readonly #url: URL;
  readonly #files: ClientFiles | undefined;
  readonly #agent: PlainAgent;

  /** With `files` the URL is https; they are read for each connection. */
  constructor(clientUrl: string, files: ClientFiles | undefined) {
    this.#url = new URL(clientUrl);
    this.#files = files;
    this.#agent =
      files === undefined
        ? new PlainAgent({ keepAlive: true })
        : new TlsAgent({ keepAlive: true, maxCachedSessions: 0 });
  }

  /** Puts a key and gives the revision. */
  async put(key: string, value: string, { timeoutMs }: { readonly timeoutMs: number }): Promise<number> {
    const { header } = (await this.#call('kv/put', { key: base64(key), value: base64(value) }, timeoutMs)) as Headed;
    return Number(header.revision);
  }

  /** Every key under `prefix` with its value and the revision of its last change. */
  async range(prefix: string): Promise<ReadonlyMap<string, { readonly value: string; readonly revision: number }>> {
    const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
    const { kvs = [] } = (await this.#call('kv/range', { key: base64(prefix), range_end: base64(end) }, 20_000)) as {
      readonly kvs?: readonly { readonly key: string; readonly value?: string; readonly mod_revision: string }[];
    };
    return new Map(
      kvs.map(({ key, value = '', mod_revision }) => [
        plain(key),
        { value: plain(value), revision: Number(mod_revision) },
      ]),
    );
  }

  async status(timeoutMs = 2_000): Promise<GatewayStatus> {
    const answer = (await this.#call('maintenance/status', {}, timeoutMs)) as Headed & {
      readonly leader?: string;
      readonly isLearner?: boolean;
    };
    const { cluster_id: clusterId, member_id: memberId, revision = '0' } = answer.header;
    return {
      clusterId,
      memberId,
      revision: Number(revision),
      leader: answer.leader,
      isLearner: answer.isLearner === true,
    };
  }

  async members(timeoutMs = 3_000): Promise<readonly GatewayMember[]> {
    const { members } = (await this.#call('cluster/member/list', {}, timeoutMs)) as {
      readonly members: readonly {
        readonly ID: string;
        readonly name?: string;
        readonly peerURLs: readonly string[];
        readonly isLearner?: boolean;
      }[];
    };
    return members.map(({ ID, name = '', peerURLs, isLearner = false }) => ({
      id: ID,
      name,
      peerUrls: peerURLs,
      isLearner,
    }));
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #call(method: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const answer = await boundedRequest({
      url: new URL(`/v3/${method}`, this.#url),
      method: 'POST',
      body: JSON.stringify(body),
      timeoutMs,
      files: this.#files,
      agent: this.#agent,
    });
    if (answer.status !== 200) {
      throw new Error(`etcd answered ${method} with ${answer.status}: ${answer.body}`);
    }
    return JSON.parse(answer.body);
  }
}

interface Headed {
  readonly header: { readonly cluster_id: string; readonly member_id: string; readonly revision?: string };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function plain(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString();
}
