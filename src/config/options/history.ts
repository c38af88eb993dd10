/** Which history of a store is meant; the same wherever it is asked for. */
export const historyOption = {
  flag: 'history',
  type: 'int',
  default: 0,
  none: 0,
  min: 0,
  placeholder: 'number',
  help: 'The history of the cluster that is meant, by its number in list; 0 is the one that was written last.',
} as const;
