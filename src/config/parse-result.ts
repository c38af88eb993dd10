/** The result of reading text: a value, or what is wrong with it and, where what is accepted would not explain it, what to do. */
export type ParseResult<T> = { readonly value: T } | { readonly wrong: string; readonly remedy?: string };
