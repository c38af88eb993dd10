import { optionGroup } from '../option.ts';
import { plainEndpointComplaint, plainEndpointWarnings } from './etcd-security.ts';

/** How to connect to the etcd cluster. */
export const etcdConnectionOptions = optionGroup({
  title: 'etcd connection',
  shared: true,
  options: {
    endpoints: {
      flag: 'endpoints',
      short: 'e',
      aliases: ['etcd-endpoints'],
      type: 'strings',
      default: ['http://127.0.0.1:2379'],
      rule: 'etcd endpoint',
      placeholder: 'url,...',
      help: 'Client URLs of the etcd members.',
      fileKeys: ['etcdConnectionConfig.endpoints'],
    },
    serviceEndpoints: {
      flag: 'service-endpoints',
      rare: true,
      type: 'strings',
      default: [],
      rule: 'etcd endpoint',
      placeholder: 'url,...',
      help: 'Client URLs of the whole cluster, such as that of a Kubernetes service, for calls that any member can answer; those of --endpoints when not given.',
      fileKeys: ['etcdConnectionConfig.serviceEndpoints'],
    },
    username: {
      flag: 'etcd-username',
      type: 'string',
      default: undefined,
      placeholder: 'name',
      help: 'User to log in to etcd as; without it there is no login.',
      fileKeys: ['etcdConnectionConfig.username'],
    },
    password: {
      flag: 'etcd-password',
      type: 'string',
      default: undefined,
      secret: true,
      placeholder: 'text',
      help: 'Password of --etcd-username. Better given in the environment or a file, since a command line is seen by all users of the machine.',
      fileKeys: ['etcdConnectionConfig.password'],
    },
    passwordFile: {
      flag: 'etcd-password-file',
      type: 'string',
      default: undefined,
      contentOf: 'password',
      placeholder: 'file',
      help: 'File that holds the password of --etcd-username, alone; read once, at the start.',
      fileKeys: ['etcdConnectionConfig.passwordFile'],
    },
    caFile: {
      flag: 'cacert',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: "PEM file of the certificate authorities that may have signed etcd's certificate; those of the system when not given.",
      fileKeys: ['etcdConnectionConfig.caFile'],
    },
    certFile: {
      flag: 'cert',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'PEM file of the client certificate to show to etcd; needs --key.',
      fileKeys: ['etcdConnectionConfig.certFile'],
    },
    keyFile: {
      flag: 'key',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: "PEM file of the client certificate's key; needs --cert.",
      fileKeys: ['etcdConnectionConfig.keyFile'],
    },
    insecureTransport: {
      flag: 'insecure-transport',
      rare: true,
      type: 'bool',
      default: true,
      help: 'Allow connections without TLS, to http:// endpoints.',
      fileKeys: ['etcdConnectionConfig.insecureTransport'],
    },
    insecureSkipVerify: {
      flag: 'insecure-skip-tls-verify',
      type: 'bool',
      default: false,
      help: 'Accept any certificate from etcd. Anyone on the way can then read and alter what is sent.',
      fileKeys: ['etcdConnectionConfig.insecureSkipVerify'],
    },
    connectionTimeoutMs: {
      flag: 'etcd-connection-timeout',
      rare: true,
      type: 'duration',
      default: '30s',
      above: 0,
      help: 'How long connecting and each short call may take.',
      fileKeys: ['etcdConnectionConfig.connectionTimeout'],
    },
    snapshotTimeoutMs: {
      flag: 'etcd-snapshot-timeout',
      rare: true,
      type: 'duration',
      default: '15m0s',
      above: 0,
      help: 'How long the download of a full snapshot may take, which snapshot and server do.',
      fileKeys: ['etcdConnectionConfig.snapshotTimeout'],
    },
    defragTimeoutMs: {
      flag: 'etcd-defrag-timeout',
      rare: true,
      type: 'duration',
      default: '8m0s',
      above: 0,
      help: 'How long the defragmentation of one member may take, which snapshot and server do.',
      fileKeys: ['etcdConnectionConfig.defragTimeout'],
    },
  },
  check(values) {
    if ((values.certFile === undefined) !== (values.keyFile === undefined)) {
      return values.certFile === undefined
        ? { option: 'certFile', found: 'it is missing while --key is given', remedy: 'give both or neither' }
        : { option: 'keyFile', found: 'it is missing while --cert is given', remedy: 'give both or neither' };
    }
    if (values.password !== undefined && values.username === undefined) {
      return {
        option: 'username',
        found: 'it is missing while a password is given',
        remedy: 'give --etcd-username, too',
      };
    }
    if (values.username !== undefined && values.password === undefined) {
      return {
        option: 'username',
        found: 'its password is missing',
        remedy: values.username.includes(':')
          ? 'the part after the colon belongs into --etcd-password'
          : 'give --etcd-password or --etcd-password-file, too',
      };
    }
    const plain = plainEndpointComplaint(values);
    if (plain !== undefined) {
      return plain;
    }
    if (values.snapshotTimeoutMs < values.connectionTimeoutMs) {
      return {
        option: 'snapshotTimeoutMs',
        found: 'it is shorter than --etcd-connection-timeout',
        remedy: 'give at least as long a time',
      };
    }
    return undefined;
  },
  warn: plainEndpointWarnings,
});
