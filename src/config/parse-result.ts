/**
 * The result of reading text: a value, or what is wrong with it, and what to do where the list of accepted values does not explain that.
 */
export type ParseResult<T> = { readonly value: T } | { readonly wrong: string; readonly remedy?: string };
