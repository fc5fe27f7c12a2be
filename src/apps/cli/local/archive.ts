/**
 * Takes one file out of a downloaded archive. Written by hand because a bare machine may have no `unzip`,
 * and because only this little of the two formats is needed.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createInflateRaw, gunzip } from 'node:zlib';

const PROGRAM_MODE = 0o755;

/** ZIP: the end record lies in the last 64 KiB and points to the directory, whose entries point to the data. */
const ZIP_END_SIGNATURE = 0x06054b50;
const ZIP_ENTRY_SIGNATURE = 0x02014b50;
const ZIP_END_BYTES = 22;
const ZIP_COMMENT_BYTES_MAX = 65_535;
const ZIP_ENTRY_BYTES = 46;
const ZIP_LOCAL_BYTES = 30;
const ZIP_STORED = 0;
const ZIP_DEFLATED = 8;

interface ZipEntry {
  readonly method: number;
  readonly compressedBytes: number;
  readonly localOffset: number;
}

/** Writes `member` of the ZIP file to `target`, executable. Rejects when it is not in the archive. */
export async function extractFromZip(
  archive: string,
  member: string,
  target: string,
): Promise<void> {
  const file = await open(archive, 'r');
  try {
    const entry = findZipEntry(await readZipDirectory(file), member);
    const local = await readExactly(file, entry.localOffset, ZIP_LOCAL_BYTES);
    const start =
      entry.localOffset + ZIP_LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
    const source = createReadStream(archive, { start, end: start + entry.compressedBytes - 1 });
    const sink = createWriteStream(target, { mode: PROGRAM_MODE });
    if (entry.method === ZIP_DEFLATED) await pipeline(source, createInflateRaw(), sink);
    else if (entry.method === ZIP_STORED) await pipeline(source, sink);
    else
      throw new Error(`${member} is compressed in a way (${entry.method}) that is not supported`);
  } finally {
    await file.close();
  }
}

async function readZipDirectory(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const tailBytes = Math.min(size, ZIP_END_BYTES + ZIP_COMMENT_BYTES_MAX);
  const tail = await readExactly(file, size - tailBytes, tailBytes);
  for (let at = tail.length - ZIP_END_BYTES; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) === ZIP_END_SIGNATURE) {
      return readExactly(file, tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
    }
  }
  throw new Error('The file is not a ZIP archive');
}

function findZipEntry(directory: Buffer, member: string): ZipEntry {
  let at = 0;
  while (
    at + ZIP_ENTRY_BYTES <= directory.length &&
    directory.readUInt32LE(at) === ZIP_ENTRY_SIGNATURE
  ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + ZIP_ENTRY_BYTES, at + ZIP_ENTRY_BYTES + nameBytes);
    if (name === member) {
      return {
        method: directory.readUInt16LE(at + 10),
        compressedBytes: directory.readUInt32LE(at + 20),
        localOffset: directory.readUInt32LE(at + 42),
      };
    }
    at +=
      ZIP_ENTRY_BYTES +
      nameBytes +
      directory.readUInt16LE(at + 30) +
      directory.readUInt16LE(at + 32);
  }
  throw new Error(`${member} is not in the archive`);
}

async function readExactly(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, position);
  if (bytesRead !== bytes) throw new Error('The archive ends too early');
  return buffer;
}

/** TAR: blocks of 512 bytes; a header holds the name, and the size in octal digits. */
const TAR_BLOCK_BYTES = 512;
const TAR_NAME_BYTES = 100;
const TAR_SIZE_OFFSET = 124;
const TAR_SIZE_DIGITS = 12;

/** Writes `member` of the gzipped TAR data to `target`, executable. Rejects when it is not in the archive. */
export async function extractFromTarGz(
  archive: Buffer,
  member: string,
  target: string,
): Promise<void> {
  const data = await promisify(gunzip)(archive);
  const text = (start: number, bytes: number): string =>
    data.toString('utf8', start, start + bytes).replace(/\0.*$/s, '');
  for (let at = 0; at + TAR_BLOCK_BYTES <= data.length; ) {
    const size = Number.parseInt(text(at + TAR_SIZE_OFFSET, TAR_SIZE_DIGITS), 8) || 0;
    const start = at + TAR_BLOCK_BYTES;
    if (text(at, TAR_NAME_BYTES).replace(/^\.\//, '') === member) {
      if (start + size > data.length) throw new Error('The archive ends too early');
      await writeFile(target, data.subarray(start, start + size), { mode: PROGRAM_MODE });
      return;
    }
    at = start + Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
  throw new Error(`${member} is not in the archive`);
}
