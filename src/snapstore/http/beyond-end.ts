/**
 * Whether a range may begin at or after the object's end, where the store says so: nothing is read then. An object that was listed with more
 * bytes has them, or has become another one.
 */
export function mayBeBeyondEnd({
  range,
  size,
}: {
  readonly range?: { readonly start: number } | undefined;
  readonly size?: number | undefined;
}): boolean {
  return range !== undefined && (size === undefined || range.start >= size);
}
