import { isIP } from 'node:net';
import { optionGroup } from '../option.ts';

/** The HTTP listener. */
export const serverOptions = optionGroup({
  title: 'HTTP server',
  options: {
    port: {
      flag: 'server-port',
      short: 'p',
      type: 'uint',
      default: 8080,
      max: 65_535,
      placeholder: 'port',
      help: 'Port to listen on.',
      fileKeys: ['serverConfig.port'],
    },
    listenAddress: {
      flag: 'listen-address',
      type: 'string',
      default: undefined,
      placeholder: 'address',
      help: 'Address to listen on: an IP address or a name of this machine. Without it, all addresses, IPv4 and IPv6.',
      fileKeys: ['serverConfig.listenAddress'],
    },
    certFile: {
      flag: 'server-cert',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'PEM file of the certificate to serve HTTPS with; needs --server-key.',
      fileKeys: ['serverConfig.server-cert'],
    },
    keyFile: {
      flag: 'server-key',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'PEM file of the key of --server-cert; without both HTTP is served.',
      fileKeys: ['serverConfig.server-key'],
    },
    caFile: {
      flag: 'server-cacert',
      rare: true,
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'PEM file of the certificate authorities that may have signed the certificates of the servers of other members; without it, those of --cacert.',
      fileKeys: ['serverConfig.server-cacert'],
    },
    authTokenFile: {
      flag: 'auth-token-file',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'File with tokens, one a line, of which a client must show one for all but health. Callers that cannot, as etcd-wrapper and etcd-druid, are refused then. Nobody needs one when not given.',
      fileKeys: ['serverConfig.authTokenFile'],
    },
    noUi: {
      flag: 'no-ui',
      type: 'bool',
      default: false,
      help: 'Do not serve the dashboard, a page at / for browsers.',
      fileKeys: ['serverConfig.noUi'],
    },
    enableProfiling: {
      flag: 'enable-profiling',
      rare: true,
      type: 'bool',
      default: false,
      help: 'Serve CPU profiles and heap snapshots below /debug/pprof/.',
      fileKeys: ['serverConfig.enableProfiling'],
    },
    useEtcdWrapper: {
      flag: 'use-etcd-wrapper',
      type: 'bool',
      default: false,
      help: 'etcd runs in etcd-wrapper, which stops it on request.',
      fileKeys: ['useEtcdWrapper'],
    },
    etcdWrapperPort: {
      flag: 'etcd-wrapper-port',
      rare: true,
      type: 'uint',
      default: 9095,
      min: 1,
      max: 65_535,
      placeholder: 'port',
      help: 'Port of the etcd-wrapper on the host of the first endpoint.',
      fileKeys: ['etcdWrapperPort'],
    },
  },
  check(values) {
    const { listenAddress: address } = values;
    if (address !== undefined && isIP(address) === 0 && !/^[a-z\d]([a-z\d._-]*[a-z\d.])?$/i.test(address)) {
      return {
        option: 'listenAddress',
        found: 'it is no address and no name',
        remedy: 'give it without brackets and without a port, which is that of --server-port',
      };
    }
    if ((values.certFile === undefined) === (values.keyFile === undefined)) {
      return undefined;
    }
    return values.certFile === undefined
      ? { option: 'certFile', found: 'it is missing while --server-key is given', remedy: 'give both or neither' }
      : { option: 'keyFile', found: 'it is missing while --server-cert is given', remedy: 'give both or neither' };
  },
});

/** The proof that the newest backup can be restored. */
export const verificationOptions = optionGroup({
  title: 'Verification',
  options: {
    schedule: {
      flag: 'verification-schedule',
      type: 'string',
      default: undefined,
      rule: 'cron or off',
      placeholder: 'cron',
      help: 'When the newest chain is restored into a scratch directory as a proof, while our member leads: cron as in --schedule, or off. Once a day when not given, at a minute of its own.',
      fileKeys: ['verificationConfig.schedule'],
    },
  },
});

/** How the one server that takes backups is chosen. */
export const leaderElectionOptions = optionGroup({
  title: 'Leader election',
  options: {
    reelectionPeriodMs: {
      flag: 'reelection-period',
      rare: true,
      type: 'duration',
      default: '5s',
      above: 1_000,
      help: 'How often the etcd member is asked whether it leads.',
      fileKeys: ['leaderElectionConfig.reelectionPeriod'],
    },
    connectionTimeoutMs: {
      flag: 'etcd-connection-timeout-leader-election',
      rare: true,
      type: 'duration',
      default: '5s',
      above: 1_000,
      help: 'How long the etcd member may take to answer whether it leads.',
      fileKeys: ['leaderElectionConfig.etcdConnectionTimeout'],
    },
  },
});
