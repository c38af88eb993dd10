import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip } from '../accepts-gzip.ts';
import type { Reply } from '../reply.ts';

const compress = promisify(gzip);

interface Page {
  readonly html: string;
  readonly zipped: Buffer;
  readonly policy: string;
}

/** The page of the dashboard: one file with all that it needs. It is read at the first request. */
export class DashboardPage {
  #page: Promise<Page> | undefined;

  /** The answer for what a client's Accept-Encoding says. Rejects when a checkout has not built the page, as `make install` does. */
  async reply(acceptEncoding: string | undefined): Promise<Reply> {
    this.#page ??= load();
    this.#page.catch(() => {
      this.#page = undefined;
    });
    const { html, zipped, policy } = await this.#page;
    const isZipped = acceptsGzip(acceptEncoding);
    const body = isZipped ? zipped : html;
    return {
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-length': String(Buffer.byteLength(body)),
        ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
        vary: 'Accept-Encoding',
        'cache-control': 'no-cache',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      },
      body,
    };
  }
}

async function load(): Promise<Page> {
  const file = join(import.meta.dirname ?? '', '../../../../.cache/native/dashboard.html');
  const html = isSea() ? getAsset('dashboard.html', 'utf8') : await readFile(file, 'utf8');
  return { html, zipped: await compress(html), policy: policyOf(html) };
}

/** What the page may do: run its own script, use its own style, and ask this server. Both are known by their hashes. */
function policyOf(html: string): string {
  const hashes = (tag: 'script' | 'style'): string =>
    [...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ');
  return [
    "default-src 'none'",
    `script-src ${hashes('script')}`,
    `style-src ${hashes('style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
