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
