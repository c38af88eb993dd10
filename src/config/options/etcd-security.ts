import { readEndpoint } from '../endpoint-address.ts';
import type { Complaint } from '../option.ts';

/** What decides how an endpoint is talked to. */
export interface EtcdSecurity {
  readonly endpoints: readonly string[];
  readonly serviceEndpoints: readonly string[];
  readonly username: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly insecureTransport: boolean;
}

const lists = ['endpoints', 'serviceEndpoints'] as const;

/** The complaint about an `http://` endpoint that `--insecure-transport=false` forbids. A bare `host:port` means https then. */
export function plainEndpointComplaint(values: EtcdSecurity): Complaint<(typeof lists)[number]> | undefined {
  const option = lists.find((list) => !values.insecureTransport && plainEndpoints(values, list).length > 0);
  return option === undefined
    ? undefined
    : {
        option,
        found: `it has ${plainEndpoints(values, option).join(' and ')}, and --insecure-transport=false allows TLS only`,
        remedy: 'write https://, or leave --insecure-transport=false out',
      };
}

/** What is sent in clear, or not used, because an endpoint is without TLS. */
export function plainEndpointWarnings(values: EtcdSecurity): readonly string[] {
  const plain = [...new Set(lists.flatMap((list) => plainEndpoints(values, list)))].join(', ');
  if (plain === '') {
    return [];
  }
  const unused = Object.entries({ '--cacert': values.caFile, '--cert': values.certFile, '--key': values.keyFile })
    .filter(([, file]) => file !== undefined)
    .map(([flag]) => flag);
  return [
    ...(unused.length === 0
      ? []
      : [`Given and not used: ${unused.join(', ')}, since ${plain} is without TLS; write https://`]),
    ...(values.username === undefined
      ? []
      : [`The password of --etcd-username goes to ${plain} in clear, as does the backup; write https://`]),
  ];
}

/** A bare `host:port` is talked to with TLS when something of TLS is given, see `openConnection`. */
function plainEndpoints(values: EtcdSecurity, list: (typeof lists)[number]): readonly string[] {
  const bare =
    values.insecureTransport && values.caFile === undefined && values.certFile === undefined ? 'http' : 'https';
  return values[list].flatMap((text) => {
    const reading = readEndpoint(text);
    return 'value' in reading && (reading.value.scheme ?? bare) === 'http'
      ? `http://${reading.value.host}:${reading.value.port}`
      : [];
  });
}
