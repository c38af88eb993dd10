import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { issueCertificate, type KeyPair, makeAuthority } from '../../../scripts/lab/certificates.ts';
import type { TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { PodTls } from './pod.ts';

/** One set of certificates, all of one authority. */
interface Issued {
  readonly authority: KeyPair;
  readonly pods: readonly { readonly server: KeyPair; readonly client: KeyPair }[];
}

/** The certificates of the pods of a cluster. Each pod has its own files, which are replaced as those of a mounted secret are. */
export class PodCertificates {
  readonly #dir: TempDir;
  readonly #addresses: readonly string[];
  #current: Issued;

  private constructor(dir: TempDir, addresses: readonly string[], first: Issued) {
    this.#dir = dir;
    this.#addresses = addresses;
    this.#current = first;
  }

  static async make(dir: TempDir, addresses: readonly string[]): Promise<PodCertificates> {
    const certificates = new PodCertificates(dir, addresses, await issue(dir, addresses, 'authority-1'));
    for (const [place] of addresses.entries()) {
      mkdirSync(dir.join(`tls-${place}`));
      certificates.putCertificates(place);
      certificates.trustOnlyNew(place);
    }
    return certificates;
  }

  /** The files of a pod. */
  of(place: number): PodTls {
    const file = (name: string): string => this.#dir.join(`tls-${place}`, name);
    return {
      ca: file('ca.crt'),
      serverCert: file('server.crt'),
      serverKey: file('server.key'),
      cert: file('client.crt'),
      key: file('client.key'),
    };
  }

  /** Makes a new authority and certificates of it, and gives the authorities before. Nothing is in use yet. */
  async renew(): Promise<string> {
    const before = this.#current.authority.cert;
    this.#current = await issue(this.#dir, this.#addresses, `authority-${Date.now()}`);
    return before;
  }

  /** A pod trusts the authorities of the file and the newest. */
  trustAlso(place: number, before: string): void {
    const bundle = Buffer.concat([readFileSync(before), readFileSync(this.#current.authority.cert)]);
    const { ca } = this.of(place);
    writeFileSync(`${ca}.new`, bundle);
    renameSync(`${ca}.new`, ca);
  }

  /** A pod trusts the newest authority alone. */
  trustOnlyNew(place: number): void {
    put(this.#current.authority.cert, this.of(place).ca);
  }

  /** A pod has the newest certificates. */
  putCertificates(place: number): void {
    const issued = this.#current.pods[place];
    if (issued === undefined) {
      throw new Error(`there is no pod ${place}`);
    }
    const files = this.of(place);
    put(issued.server.key, files.serverKey);
    put(issued.server.cert, files.serverCert);
    put(issued.client.key, files.key);
    put(issued.client.cert, files.cert);
  }
}

/** The name changes at once what it stands for. */
function put(from: string, to: string): void {
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

async function issue(dir: TempDir, addresses: readonly string[], name: string): Promise<Issued> {
  const at = dir.join(name);
  mkdirSync(at);
  const authority = await makeAuthority(at, name);
  const pods = [];
  for (const [place, address] of addresses.entries()) {
    const leaf = { name: 'root', altNames: `DNS:etcd-main-local,IP:${address}`, days: 1 };
    pods.push({
      server: await issueCertificate(at, authority, { ...leaf, file: `server-${place}` }),
      client: await issueCertificate(at, authority, { ...leaf, file: `client-${place}` }),
    });
  }
  return { authority, pods };
}
