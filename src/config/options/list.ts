import { optionGroup } from '../option.ts';
import { historyOption } from './history.ts';

/** How much of a listing is shown. */
export const listOptions = optionGroup({
  title: 'List',
  options: {
    history: historyOption,
    all: {
      flag: 'all',
      type: 'bool',
      default: false,
      help: 'Show every delta in the table; without it the middle of a long chain is left out. JSON and YAML always hold all.',
    },
  },
});
