import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

const models = join(dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'gen/models');

/** Kinds that Kubernetes itself does not have. */
const foreign = ['ServiceMonitor', 'PrometheusRule'];

/**
 * What of an object the published schemas of Kubernetes do not have: unknown fields and values of another type. They are read from the
 * client of Kubernetes, which is generated from them.
 */
export async function manifestFaults(manifest: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { apiVersion, kind } = manifest;
  if (foreign.includes(String(kind))) {
    return [];
  }
  const version = String(apiVersion).split('/').at(-1) ?? '';
  const type = `${version[0]?.toUpperCase()}${version.slice(1)}${kind}`;
  return existsSync(join(models, `${type}.js`))
    ? await faultsOf(manifest, type, String(kind))
    : [`${apiVersion} ${kind} is not known`];
}

async function faultsOf(value: unknown, type: string, place: string): Promise<readonly string[]> {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) {
      return [`${place} is no list`];
    }
    const faults = await Promise.all(value.map((each, at) => faultsOf(each, list, `${place}[${at}]`)));
    return faults.flat();
  }
  const entry = /^{ \[key: string\]: (.*); }$/.exec(type)?.[1];
  if (entry !== undefined) {
    const faults = await Promise.all(
      Object.entries(value ?? {}).map(([name, each]) => faultsOf(each, entry, `${place}.${name}`)),
    );
    return faults.flat();
  }
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type ? [] : [`${place} is ${JSON.stringify(value)}, no ${type}`];
    case 'IntOrString':
      return typeof value === 'string' || Number.isInteger(value) ? [] : [`${place} is no number and no text`];
    case 'any':
    case 'Date':
    case 'V1MicroTime':
      return [];
    default:
      return await objectFaults(value, type, place);
  }
}

async function objectFaults(value: unknown, type: string, place: string): Promise<readonly string[]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${place} is no object`];
  }
  const { [type]: model } = await import(join(models, `${type}.js`));
  const attributes = new Map(
    (model.getAttributeTypeMap() as readonly Attribute[]).map(({ baseName, type: of }) => [baseName, of]),
  );
  const faults = await Promise.all(
    Object.entries(value).map(async ([name, each]) => {
      const of = attributes.get(name);
      return of === undefined ? [`${place}.${name} does not exist`] : await faultsOf(each, of, `${place}.${name}`);
    }),
  );
  return faults.flat();
}
