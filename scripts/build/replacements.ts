import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { type Replacement, replaceOnce } from './replace-in-package.ts';

/** What packages do that a single file cannot: read files next to themselves, or pull in what we never call. */
export const replacements: readonly (Replacement & { readonly package: RegExp })[] = [
  {
    name: 'embedding the protocol of etcd3',
    package: /node_modules\/etcd3\//,
    file: /node_modules\/etcd3\/lib\/connection-pool\.js$/,
    rewrite: (source, path) => {
      const protocol = new protobuf.Root();
      protocol.loadSync(join(dirname(path), '../proto/rpc.proto'), { keepCase: true });
      return replaceOnce(
        source,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the package's own template
        '.loadSync)(`${__dirname}/../proto/rpc.proto`,',
        `.fromJSON)(${JSON.stringify(protocol.toJSON())},`,
      );
    },
  },
  {
    name: 'keeping to the OpenStack storage of pkgcloud',
    package: /node_modules\/pkgcloud\//,
    file: /node_modules\/pkgcloud\/lib\/pkgcloud\.js$/,
    rewrite: (source) => {
      // The parts we use ask this file for the version alone; everything else here requires all providers by a glob.
      replaceOnce(source, "pkgcloud.version = require('../package.json').version;", '');
      return "exports.version = require('../package.json').version;\n";
    },
  },
  {
    name: 'leaving out the subcommands of commander that are programs',
    package: /node_modules\/commander\//,
    file: /node_modules\/commander\/lib\/command\.js$/,
    // There are none, and loading node:child_process with what it needs takes 3 ms of each start.
    rewrite: (source) =>
      replaceOnce(source, "import childProcess from 'node:child_process';", 'const childProcess = undefined;'),
  },
  {
    name: 'leaving out the transports of pino',
    package: /node_modules\/pino\//,
    file: /node_modules\/pino\/pino\.js$/,
    // The logger writes to a stream of ours. Transports are threads, which a single file does not have, and with the streams below
    // they would load node:worker_threads and node:assert at each start.
    rewrite: (source) => replaceOnce(source, "module.exports.transport = require('./lib/transport')", ''),
  },
  {
    name: 'leaving out the streams of pino',
    package: /node_modules\/pino\//,
    file: /node_modules\/pino\/lib\/tools\.js$/,
    rewrite: (source) =>
      [
        ["const SonicBoom = require('sonic-boom')", 'class SonicBoom {}'],
        ["const { isMainThread } = require('worker_threads')", 'const isMainThread = true'],
        ["const transport = require('./transport')", 'const transport = undefined'],
      ].reduce((text, [from = '', to = '']) => replaceOnce(text, from, to), source),
  },
  {
    name: 'leaving out the proxy agent of urllib',
    package: /node_modules\/urllib\//,
    file: /node_modules\/urllib\/lib\/detect_proxy_agent\.js$/,
    rewrite: (source) =>
      replaceOnce(
        source,
        "require('proxy-agent')",
        "(() => { throw new Error('proxy-agent is not part of this build'); })()",
      ),
  },
];
