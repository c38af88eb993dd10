/** A metric as a scrape shows it. */
export interface ScrapedMetric {
  readonly type: string;
  /** The values of each label that were seen, sorted; `le` is left out. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds of a histogram, as they are written. */
  readonly buckets: readonly string[];
  /** Values by series, as they are written. */
  readonly values: ReadonlyMap<string, number>;
}

/** Reads a page of Prometheus text 0.0.4: metrics by the name of their TYPE line. Throws on a line of another shape. */
export function scrapedSeries(page: string): ReadonlyMap<string, ScrapedMetric> {
  const metrics = new Map<string, { type: string; labels: Map<string, Set<string>>; values: Map<string, number> }>();
  for (const line of page.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) {
      metrics.set(name, { type, labels: new Map(), values: new Map() });
    } else if (line !== '' && !line.startsWith('# HELP ')) {
      const [, sample, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const metric = metrics.get(sample ?? '') ?? metrics.get((sample ?? '').replace(/_(?:bucket|sum|count)$/, ''));
      if (metric === undefined) {
        throw new Error(`a line of another shape: ${line}`);
      }
      for (const [, label = '', text = ''] of labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
        metric.labels.set(label, (metric.labels.get(label) ?? new Set()).add(text));
      }
      metric.values.set(`${sample}{${labels}}`, Number(value));
    }
  }
  return new Map(
    [...metrics].map(([name, { type, labels, values }]) => {
      const { le = [], ...others } = Object.fromEntries([...labels].map(([label, texts]) => [label, [...texts]]));
      const sorted = Object.fromEntries(Object.entries(others).map(([label, texts]) => [label, texts.toSorted()]));
      return [name, { type, labels: sorted, buckets: le, values }];
    }),
  );
}
