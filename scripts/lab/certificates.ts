import { writeFileSync } from 'node:fs';
import { run } from './run.ts';
import { makeTempDir } from './temp-dir.ts';

/** A certificate with its key, both PEM files. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Certificates for TLS tests, in a directory that goes away with them. */
export interface Certificates extends AsyncDisposable {
  readonly dir: string;
  /** PEM file of the authority that signed everything below but `foreign`. */
  readonly ca: string;
  /** Valid for localhost, etcd-main-local, 127.0.0.1 and ::1, as server and as client. */
  readonly server: KeyPair;
  /** Common name `root`: with client certificate authentication etcd takes it for that user. */
  readonly client: KeyPair;
  /** Signed by the authority, but for the name `elsewhere.invalid` and the address 192.0.2.1 only. */
  readonly wrongName: KeyPair;
  /** Like `server`, but it ran out yesterday. */
  readonly expired: KeyPair;
  /** A server certificate of an authority nobody knows. */
  readonly foreign: KeyPair & { readonly ca: string };
  /** Only good as a server, by its extended key usage. */
  readonly serverOnly: KeyPair;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const here = 'DNS:localhost,DNS:etcd-main-local,IP:127.0.0.1,IP:::1';

/** Makes an authority whose files are `name.crt` and `name.key` in a directory. */
export async function makeAuthority(dir: string, name: string): Promise<KeyPair> {
  const pair = { cert: `${dir}/${name}.crt`, key: `${dir}/${name}.key` };
  const subject = ['-subj', `/CN=${name}`, '-days', '2'];
  await run('openssl', ['req', '-x509', ...newKey, ...subject, '-keyout', pair.key, '-out', pair.cert]);
  return pair;
}

/** What a certificate says. */
export interface Leaf {
  /** Name of its files, without their endings. */
  readonly file: string;
  readonly name: string;
  /** As openssl has them: `DNS:localhost,IP:127.0.0.1`. */
  readonly altNames: string;
  readonly days: number;
  /** Default: server and client. */
  readonly use?: string;
}

/** Has an authority sign a certificate with a key of its own, both in a directory. */
export async function issueCertificate(dir: string, issuer: KeyPair, leaf: Leaf): Promise<KeyPair> {
  const at = `${dir}/${leaf.file}`;
  const pair = { cert: `${at}.crt`, key: `${at}.key` };
  const [request, extensions] = [`${at}.csr`, `${at}.ext`];
  writeFileSync(
    extensions,
    `subjectAltName=${leaf.altNames}\nextendedKeyUsage=${leaf.use ?? 'serverAuth,clientAuth'}\n`,
  );
  await run('openssl', ['req', ...newKey, '-subj', `/CN=${leaf.name}`, '-keyout', pair.key, '-out', request]);
  const signing = ['-CA', issuer.cert, '-CAkey', issuer.key, '-CAcreateserial', '-extfile', extensions];
  await run('openssl', ['x509', '-req', '-in', request, ...signing, '-days', String(leaf.days), '-out', pair.cert]);
  return pair;
}

/** Makes a fresh set of {@link Certificates} with openssl. */
export async function makeCertificates(): Promise<Certificates> {
  const dir = makeTempDir();
  const authority = (name: string): Promise<KeyPair> => makeAuthority(dir.path, name);
  const issue = (issuer: KeyPair, leaf: Leaf): Promise<KeyPair> => issueCertificate(dir.path, issuer, leaf);
  const ca = await authority('test-ca');
  const foreignCa = await authority('foreign-ca');
  const elsewhere = 'DNS:elsewhere.invalid,IP:192.0.2.1';
  return {
    dir: dir.path,
    ca: ca.cert,
    server: await issue(ca, { file: 'server', name: 'localhost', altNames: here, days: 1 }),
    client: await issue(ca, { file: 'client', name: 'root', altNames: here, days: 1 }),
    wrongName: await issue(ca, { file: 'wrong-name', name: 'elsewhere.invalid', altNames: elsewhere, days: 1 }),
    expired: await issue(ca, { file: 'expired', name: 'localhost', altNames: here, days: -1 }),
    foreign: {
      ...(await issue(foreignCa, { file: 'foreign', name: 'localhost', altNames: here, days: 1 })),
      ca: foreignCa.cert,
    },
    serverOnly: await issue(ca, { file: 'server-only', name: 'localhost', altNames: here, days: 1, use: 'serverAuth' }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
