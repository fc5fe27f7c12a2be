/** The page at `/` that shows what happens: files of `src/simulator/page`, read when they are first asked for. */
import { readFile } from 'node:fs/promises';
import type { IncomingCall, OutgoingAnswer } from './api.ts';

const FOLDER = new URL('../page/', import.meta.url);
const PREFIX = '/_sim/page/';

/** The media types of the files that are served; nothing else can be asked for. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['page.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
  ...[
    'actions.js',
    'api.js',
    'dom.js',
    'inspector.js',
    'other-actions.js',
    'page.js',
    'panes.js',
    'refresh.js',
  ].map((name) => [name, 'text/javascript; charset=utf-8'] as const),
]);

/** Objects contain what users have typed, so that nothing but our own files may run or be loaded. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Answers requests for the page's files; `undefined` for everything else. Rejects when a file is missing. */
export function createPage(): (call: IncomingCall) => Promise<OutgoingAnswer | undefined> {
  const texts = new Map<string, string>();
  return async ({ method, path }) => {
    const name = path === '/' ? 'index.html' : fileName(path);
    const type = name === undefined ? undefined : FILES.get(name);
    if (name === undefined || type === undefined || (method !== 'GET' && method !== 'HEAD')) {
      return undefined;
    }
    const text = texts.get(name) ?? (await readFile(new URL(name, FOLDER), 'utf8'));
    texts.set(name, text);
    return {
      status: 200,
      body: text,
      headers: {
        'content-type': type,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    };
  };
}

const fileName = (path: string): string | undefined =>
  path.startsWith(PREFIX) ? path.slice(PREFIX.length) : undefined;
