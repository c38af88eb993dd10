/** How a result is printed; each command adds what it knows. */
export const outputOption = {
  flag: 'output',
  short: 'o',
  type: 'string',
  default: 'text',
  placeholder: 'name',
  help: 'How the result is printed on stdout.',
  // What etcdctl calls the text.
  sameAs: { table: 'text' },
} as const;
