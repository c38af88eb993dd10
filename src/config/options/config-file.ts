import { optionGroup } from '../option.ts';

/** The configuration file, which every command takes. */
export const configFileOptions = optionGroup({
  title: 'Configuration',
  shared: true,
  options: {
    configFile: {
      flag: 'config-file',
      rare: true,
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'YAML file with the options; flags and environment variables win over it. Commands share it: each takes what concerns it. None is read when not given.',
    },
    printConfig: {
      flag: 'print-config',
      rare: true,
      type: 'bool',
      default: false,
      help: 'Print the configuration that results from flags, environment and file, without secrets, and do nothing else. The output is a configuration file.',
    },
  },
});
