import * as z from 'zod/mini';

/** A lease of coordination.k8s.io/v1, as far as it is read. */
export interface Lease {
  readonly name: string;
  readonly resourceVersion: string | undefined;
  readonly holderIdentity: string | undefined;
  /** As Kubernetes writes it (MicroTime). */
  readonly renewTime: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

const text = z.string().check(z.maxLength(1024));

const document = z.object({
  metadata: z.object({
    name: text,
    resourceVersion: z.optional(text),
    annotations: z.optional(z.nullable(z.record(z.string(), z.string()))),
  }),
  spec: z.optional(
    z.nullable(z.object({ holderIdentity: z.optional(z.nullable(text)), renewTime: z.optional(z.nullable(text)) })),
  ),
});

/** The lease in what an API server answered; undefined when it is none. */
export function parseLease(body: unknown): Lease | undefined {
  const { success, data } = document.safeParse(body);
  if (!success) {
    return undefined;
  }
  const { metadata, spec } = data;
  return {
    name: metadata.name,
    resourceVersion: metadata.resourceVersion,
    holderIdentity: spec?.holderIdentity ?? undefined,
    renewTime: spec?.renewTime ?? undefined,
    annotations: metadata.annotations ?? {},
  };
}

/** A JSON merge patch of a lease: the fields that change, and nothing else. */
export interface LeasePatch {
  readonly metadata?: {
    readonly annotations?: Readonly<Record<string, string>>;
    /** The patch is refused when the lease has another version meanwhile. */
    readonly resourceVersion?: string;
  };
  readonly spec: { readonly holderIdentity?: string; readonly renewTime: string };
}

/** A time in ms since the epoch as Kubernetes writes it, with microseconds. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
