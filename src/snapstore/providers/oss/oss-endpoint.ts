import { isIP } from 'node:net';

/** How requests to an OSS endpoint are addressed and signed. */
export interface OssEndpoint {
  /** With scheme, without a slash at its end. */
  readonly url: string;
  /** `path`: the bucket is the first part of the path, as an IP address cannot have it in its name. */
  readonly addressing: 'virtual host' | 'path';
  /** Region for signatures of version 4; undefined where the endpoint does not name it, so that only version 1 is possible. */
  readonly region: string | undefined;
}

/** Reads an endpoint's URL. A `region` that is given wins over the one in its name. */
export function describeEndpoint(url: string, region?: string): OssEndpoint {
  const { hostname } = new URL(url);
  const numeric = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  return {
    url,
    addressing: numeric || hostname === 'localhost' ? 'path' : 'virtual host',
    region: region ?? regionOf(hostname),
  };
}

/**
 * Names of public endpoints (Alibaba Cloud OSS, "Regions and endpoints"): `oss-REGION[-internal].aliyuncs.com`,
 * `REGION.oss.aliyuncs.com` for dual stack; acceleration endpoints name no region.
 */
function regionOf(hostname: string): string | undefined {
  const region =
    /(?:^|[.-])oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/.exec(hostname)?.[1] ??
    /(?:^|\.)([a-z]{2}-[a-z0-9-]+)\.oss\.aliyuncs\.com$/.exec(hostname)?.[1];
  return region?.startsWith('accelerate') ? undefined : region;
}
