/** What flags that take a revision have in common; each says what to do instead of giving 0, which is none. */
export const revisionValue = { type: 'int', default: undefined, min: 1, placeholder: 'revision' } as const;

/** What to do instead of giving 0 where a state is chosen: the newest is what somebody may want to go back from. */
export const newestState = 'Leave it out for the newest state';
