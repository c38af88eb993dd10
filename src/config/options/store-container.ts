import type { ProviderName } from '../../snapstore/provider-name.ts';
import type { Complaint } from '../option.ts';

/** What is known of a store when its container is judged. */
export interface NamedContainer {
  readonly provider: ProviderName | undefined;
  readonly container: string | undefined;
}

/** Providers by the schemes of URLs that people write for their containers. */
const schemes: Readonly<Record<string, ProviderName>> = {
  s3: 'S3',
  gs: 'GCS',
  gcs: 'GCS',
  az: 'ABS',
  azblob: 'ABS',
  abs: 'ABS',
  oss: 'OSS',
  swift: 'Swift',
};

/** What is in the names of any bucket: also older and emulated ones, Ceph's with a tenant, and Azure's own (`$root`). */
const bucketName = /^[\w.:$-]+$/;

/**
 * The complaint about a container that cannot be meant: a URL, a path where a bucket is due, what a shell would have replaced. Only
 * Local has a container of its own choice. Nothing of the text is shown but what looks like the name of a bucket.
 */
export function containerComplaint({ provider, container }: NamedContainer): Complaint<'container'> | undefined {
  const complain = (found: string, remedy: string): Complaint<'container'> => ({ option: 'container', found, remedy });
  if (container === undefined) {
    return provider === undefined || provider === 'Local'
      ? undefined
      : complain(`it is missing, and ${provider} has no default`, 'give a container');
  }
  const url = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(container);
  if (url !== null) {
    return complain('it is a URL', urlRemedy(url[1]?.toLowerCase() ?? '', url[2] ?? ''));
  }
  if (provider !== undefined && provider !== 'Local') {
    if (container.includes('/')) {
      return complain(
        `it holds a slash, and ${provider} has none in names`,
        'give the name alone; the part after the slash belongs into --store-prefix',
      );
    }
    return bucketName.test(container) || provider === 'Swift'
      ? undefined
      : complain(`it holds a character that ${provider} has in no name`, 'correct the name');
  }
  if (/^~/.test(container)) {
    return complain('it begins with ~, which only a shell replaces', 'write the path out');
  }
  return container.startsWith('$')
    ? complain('it begins with $, a variable that was not replaced', 'write out its value')
    : undefined;
}

function urlRemedy(scheme: string, rest: string): string {
  const provider = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined;
  if (provider === undefined) {
    return scheme === 'file'
      ? 'give the path alone, and --storage-provider Local'
      : 'give the name alone; an address belongs into --store-endpoint-override';
  }
  const [bucket = '', ...path] = rest.replace(/\/+$/, '').split('/');
  const name = (text: string): string | undefined => (/^[\w.-]{1,63}$/.test(text) ? text : undefined);
  const prefix = path.length === 0 ? '' : ` --store-prefix ${path.every(name) ? path.join('/') : 'PREFIX'}`;
  return `give --storage-provider ${provider} --store-container ${name(bucket) ?? 'NAME'}${prefix}`;
}
