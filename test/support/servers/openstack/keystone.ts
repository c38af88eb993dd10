import { join } from 'node:path';
import { type Child, startChild } from '../../../../scripts/lab/child-process.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { openStackPackages } from '../../../../scripts/lab/openstack-packages.ts';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';

/** A user with a project of its own, in a domain of its own. */
export interface OpenStackTenant {
  readonly domainName: string;
  readonly tenantName: string;
  readonly projectId: string;
  readonly username: string;
  readonly password: string;
  readonly applicationCredentialID: string;
  readonly applicationCredentialName: string;
  readonly applicationCredentialSecret: string;
}

/** A real OpenStack Keystone with an administrator. Disposing stops it and removes its state. */
export interface Keystone extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/v3`. */
  readonly url: string;
  /** Adds a service with a public endpoint to the catalogue. */
  addService(service: {
    readonly type: string;
    readonly name: string;
    readonly region: string;
    readonly url: string;
  }): Promise<void>;
  /** Makes a user that may check other users' tokens, as services do. */
  addServiceUser(user: { readonly name: string; readonly password: string }): Promise<void>;
  /** Makes domain, project, user and application credential, all with `name` in their names. */
  addTenant(name: string): Promise<OpenStackTenant>;
  /** Makes a user of the tenant's project with the role `reader`, which Swift lets do what access lists say. */
  addReader(
    tenant: OpenStackTenant,
    name: string,
  ): Promise<{ readonly userId: string; readonly username: string; readonly password: string }>;
  /** A token of the tenant's user for its project. */
  logIn(tenant: OpenStackTenant): Promise<string>;
  /** Takes back a token, as its owner would. */
  revoke(token: string): Promise<void>;
}

const adminPassword = 'only-for-tests';

/** Starts a Keystone on a free port. */
export async function startKeystone(): Promise<Keystone> {
  const state = makeTempDir();
  const stop = async (child?: Child): Promise<void> => {
    await child?.end('SIGKILL');
    state[Symbol.dispose]();
  };
  let child: Child | undefined;
  try {
    const started = await startPython('keystone-server.py', [state.join('keystone'), adminPassword]);
    child = started.child;
    const url = `http://127.0.0.1:${started.port}/v3`;
    return { ...(await administer(url)), url, [Symbol.asyncDispose]: () => stop(started.child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

/** Runs one of this folder's servers until it says on which port it is ready. */
export async function startPython(
  script: string,
  args: readonly string[],
): Promise<{ readonly child: Child; readonly port: number }> {
  const { python, env } = await openStackPackages();
  const child = startChild(python, [join(projectRoot, 'test/support/servers/openstack', script), ...args], { env });
  const port = await eventually(
    () => {
      const ready = /^ready (\d+)$/m.exec(child.output());
      if (ready === null && child.hasExited()) {
        throw new Error(`${script} ended during its start:\n${child.output()}`);
      }
      return ready === null ? undefined : Number(ready[1]);
    },
    { timeoutMs: 120_000, describe: () => `${script} did not become ready:\n${child.output()}` },
  );
  return { child, port };
}

interface Answer {
  readonly headers: Headers;
  readonly body: Readonly<Record<string, { readonly id: string; readonly secret?: string }>>;
}

async function administer(url: string): Promise<Omit<Keystone, 'url' | typeof Symbol.asyncDispose>> {
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    { token, body, subject }: { readonly token?: string; readonly body?: unknown; readonly subject?: string },
  ): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { 'x-auth-token': token }),
        ...(subject !== undefined && { 'x-subject-token': subject }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return { headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };

  const logIn = async (
    user: { readonly name: string; readonly password: string; readonly domain: object },
    project: object,
  ): Promise<string> => {
    const identity = { methods: ['password'], password: { user } };
    const { headers } = await send('POST', '/auth/tokens', { body: { auth: { identity, scope: { project } } } });
    return headers.get('x-subject-token') ?? '';
  };

  const inDefault = { domain: { id: 'default' } };
  const admin = { name: 'admin', password: adminPassword, ...inDefault };
  const token = await logIn(admin, { name: 'admin', ...inDefault });
  const create = async (
    kind: string,
    path: string,
    fields: object,
    by = token,
  ): Promise<{ readonly id: string; readonly secret: string }> => {
    const { body } = await send('POST', path, { token: by, body: { [kind]: fields } });
    return { id: body[kind]?.id ?? '', secret: body[kind]?.secret ?? '' };
  };
  const roleId = async (name: string): Promise<string> => {
    const { body } = await send('GET', `/roles?name=${name}`, { token });
    const roles: unknown = body['roles'];
    return Array.isArray(roles) ? String(roles[0]?.id) : '';
  };
  const projectOfAdmin = await send('GET', '/auth/tokens', { token, subject: token }).then(
    ({ body }) => (body['token'] as unknown as { readonly project: { readonly id: string } }).project.id,
  );

  return {
    addService: async ({ type, name, region, url: endpoint }) => {
      // A region that is there already is a conflict.
      await create('region', '/regions', { id: region }).catch((error: unknown) => {
        if (!/: 409 /.test(String(error))) {
          throw error;
        }
      });
      const service = await create('service', '/services', { type, name });
      const fields = { service_id: service.id, interface: 'public', region_id: region, url: endpoint };
      await create('endpoint', '/endpoints', fields);
    },
    addServiceUser: async ({ name, password }) => {
      const user = await create('user', '/users', { name, password, domain_id: 'default' });
      await send('PUT', `/projects/${projectOfAdmin}/users/${user.id}/roles/${await roleId('admin')}`, { token });
    },
    addTenant: async (name) => {
      const domainName = `${name} domain`;
      const tenantName = `${name} project`;
      const password = `${name}-password`;
      const domain = await create('domain', '/domains', { name: domainName });
      const project = await create('project', '/projects', { name: tenantName, domain_id: domain.id });
      const user = await create('user', '/users', { name, password, domain_id: domain.id });
      await send('PUT', `/projects/${project.id}/users/${user.id}/roles/${await roleId('member')}`, { token });
      const own = await logIn(
        { name, password, domain: { id: domain.id } },
        { name: tenantName, domain: { id: domain.id } },
      );
      const applicationCredentialName = `${name} backup`;
      const path = `/users/${user.id}/application_credentials`;
      const credential = await create('application_credential', path, { name: applicationCredentialName }, own);
      return {
        domainName,
        tenantName,
        projectId: project.id,
        username: name,
        password,
        applicationCredentialID: credential.id,
        applicationCredentialName,
        applicationCredentialSecret: credential.secret,
      };
    },
    addReader: async ({ projectId }, name) => {
      const password = `${name}-password`;
      const { body } = await send('GET', `/projects/${projectId}`, { token });
      const { domain_id: domainId } = body['project'] as unknown as { readonly domain_id: string };
      const user = await create('user', '/users', { name, password, domain_id: domainId });
      await send('PUT', `/projects/${projectId}/users/${user.id}/roles/${await roleId('reader')}`, { token });
      return { userId: user.id, username: name, password };
    },
    logIn: async ({ username: name, password, domainName, tenantName }) => {
      const domain = { name: domainName };
      return await logIn({ name, password, domain }, { name: tenantName, domain });
    },
    revoke: async (subject) => {
      await send('DELETE', '/auth/tokens', { token, subject });
    },
  };
}
