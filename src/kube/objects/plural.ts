/** A kind of objects in the plural, as its resource is called: Deployments, Ingresses, NetworkPolicies. */
export function pluralOf(kind: string): string {
  if (/(?:points|s)$/.test(kind) && /(?:ndpoints|^[a-z])/.test(kind)) {
    return kind;
  }
  if (/[^aeiou]y$/.test(kind)) {
    return `${kind.slice(0, -1)}ies`;
  }
  return /(?:s|x|ch|sh)$/.test(kind) ? `${kind}es` : `${kind}s`;
}
