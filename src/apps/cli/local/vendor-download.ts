/** The Temporal vendor's own download host, asked the way the vendor's SDKs ask it. */
import { extractFromTarGz } from './archive.ts';
import type { ProgramSource } from './temporal-programs.ts';

export const VENDOR_HOST = 'https://temporal.download';

/** Where the host is not reachable this has to be noticed quickly: there is another way. */
const INFO_TIMEOUT_MS = 5_000;
/** 45 MB over a slow line. */
const ARCHIVE_TIMEOUT_MS = 180_000;

interface DownloadInfo {
  readonly archiveUrl: string;
  readonly fileToExtract: string;
}

/** Downloads the pinned version of the program to `target`. Rejects with a reason in one line. */
export async function downloadFromVendor(
  source: ProgramSource,
  target: string,
  options: { readonly host: string; readonly signal: AbortSignal },
): Promise<void> {
  const url = new URL(`${source.artifact}/v${source.version}`, `${options.host}/`);
  url.searchParams.set('arch', process.arch === 'x64' ? 'amd64' : process.arch);
  url.searchParams.set('platform', process.platform);
  url.searchParams.set('format', 'tar.gz');
  const info = parseInfo(await (await get(url, INFO_TIMEOUT_MS, options.signal)).json());
  const archiveUrl = new URL(info.archiveUrl);
  // A download that somebody on the way can replace would be run as a program here.
  if (archiveUrl.protocol !== 'https:' && archiveUrl.origin !== url.origin) {
    throw new Error(`${options.host} points to ${archiveUrl.origin}, which is not https`);
  }
  const archive = await get(archiveUrl, ARCHIVE_TIMEOUT_MS, options.signal);
  await extractFromTarGz(Buffer.from(await archive.arrayBuffer()), info.fileToExtract, target);
}

function parseInfo(body: unknown): DownloadInfo {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { archiveUrl, fileToExtract } = fields;
  if (
    typeof archiveUrl === 'string' &&
    URL.canParse(archiveUrl) &&
    typeof fileToExtract === 'string'
  ) {
    return { archiveUrl, fileToExtract };
  }
  throw new Error('the answer names no archive');
}

async function get(url: URL, timeoutMs: number, signal: AbortSignal): Promise<Response> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (response.ok) return response;
    throw new Error(`status ${response.status}`);
  } catch (error) {
    // fetch says only "fetch failed"; why is in the cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url.host}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause: error,
    });
  }
}
