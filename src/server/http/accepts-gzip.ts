/** Whether an Accept-Encoding header asks for gzip, or for anything, with a weight above zero (RFC 9110 section 12.5.3). */
export function acceptsGzip(header: string | undefined): boolean {
  let wildcard = false;
  for (const item of (header ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const wanted = weight === undefined || Number(weight) > 0;
    if (coding === 'gzip' || coding === 'x-gzip') {
      return wanted;
    }
    if (coding === '*') {
      wildcard = wanted;
    }
  }
  return wildcard;
}
