/** A known fault of a package, as npm's registry lists it. */
export interface Advisory {
  /** Such as `GHSA-p8p7-x288-28g6`. */
  readonly id: string;
  readonly packageName: string;
  readonly severity: string;
  readonly title: string;
  /** The versions that have it. */
  readonly range: string;
}

/** What the registry said of the packages in the executable. */
export type AuditAnswer =
  | { readonly kind: 'asked'; readonly advisories: readonly Advisory[] }
  /** It gave no answer, which says nothing of the packages. */
  | { readonly kind: 'not asked'; readonly reason: string };

interface AuditOutput {
  readonly message?: string;
  readonly error?: { readonly summary?: string; readonly code?: string };
  readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (string | AuditCause)[] }>>;
}

interface AuditCause {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  readonly range: string;
}

/** Reads what `npm audit --json` has printed. All but a list of faults counts as no answer, whatever it looks like. */
export function auditAnswer(output: string): AuditAnswer {
  let answer: AuditOutput;
  try {
    answer = JSON.parse(output) as AuditOutput;
  } catch {
    return { kind: 'not asked', reason: output.trim() === '' ? 'npm printed nothing' : 'npm printed no JSON' };
  }
  if (answer.vulnerabilities === undefined || answer.error !== undefined) {
    // Hosts are left out: mirrors are nobody's business.
    const reason = [answer.message, answer.error?.summary, answer.error?.code].find(
      (each) => each !== undefined && each !== '',
    );
    return { kind: 'not asked', reason: (reason ?? 'npm gave no list').replace(/\s*-?\s*[A-Z]+ https?:\S+/, '') };
  }
  const found = new Map<string, Advisory>();
  for (const { via } of Object.values(answer.vulnerabilities)) {
    for (const cause of via) {
      // A name says that the fault is in another package, which has an entry of its own.
      if (typeof cause !== 'string') {
        const id = cause.url.split('/').at(-1) ?? cause.url;
        const { name: packageName, severity, title, range } = cause;
        found.set(`${packageName} ${id}`, { id, packageName, severity, title, range });
      }
    }
  }
  return { kind: 'asked', advisories: [...found.values()] };
}

/** The advisories that docs/dependencies.md names: each was looked at, and why it does not matter here is said there. */
export function knownAdvisories(document: string): ReadonlySet<string> {
  return new Set(document.match(/GHSA(?:-[a-z0-9]{4}){3}/g));
}
