/**
 * Tar archives (POSIX.1-2001 pax interchange format, IEEE Std 1003.1 "pax"), written so that the same files give the
 * same bytes, and read so that nothing is ever put outside the folder it is unpacked to.
 *
 * The writer knows files and symbolic links; owner, group and times are the same for every entry. The reader knows the
 * same two, passes over folders (a file makes its own), and refuses everything else.
 */

const BLOCK = 512;

/** Time of every entry, 1980-01-01 UTC in seconds: the oldest that every archive format has. */
export const TAR_TIME = 315_532_800;

/** The archive is not what it should be; the message is a clause without its name. */
export class TarError extends Error {}

export interface TarItem {
  /** Relative, with slashes. */
  readonly path: string;
  readonly executable: boolean;
  /** Bytes; 0 for a link. */
  readonly size: number;
  /** Target of a symbolic link. */
  readonly link?: string;
}

/** An entry to write; `read` gives exactly `size` bytes. */
export interface TarSource extends TarItem {
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Why a path of an archive may not be written below a folder, as a clause; undefined if it may. Backslashes and colons
 * are refused because Windows takes them for separators and drives.
 */
export function unsafePath(path: string): string | undefined {
  if (path === "") return "is empty";
  if (/[\\:\0]/.test(path)) return "has a backslash, a colon or a zero byte in its path";
  if (path.startsWith("/")) return "is an absolute path";
  const parts = path.split("/");
  if (parts.includes("..")) return "leads out of the folder it is unpacked to";
  if (parts.some((part) => part === "" || part === ".")) return "has an empty part in its path";
  return undefined;
}

/** The same for a symbolic link at `path`: its target must be a path below the folder too. */
export function unsafeLink(path: string, target: string): string | undefined {
  if (target === "" || target.startsWith("/") || /[\\:\0]/.test(target)) return "links to a place outside the bundle";
  let depth = path.split("/").length - 1;
  for (const part of target.split("/")) {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    if (depth < 0) return "links to a place outside the bundle";
  }
  return undefined;
}

/** The bytes of an archive with these entries, in this order. */
export async function* writeTar(entries: Iterable<TarSource> | AsyncIterable<TarSource>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield* header(entry);
    let written = 0;
    for await (const chunk of entry.read()) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== entry.size) throw new TarError(`${entry.path} changed while it was read`);
    yield padding(written);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function padding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function* header(entry: TarItem): Generator<Uint8Array> {
  const link = entry.link ?? "";
  const place = split(entry.path);
  const records: string[] = [];
  if (place === undefined) records.push(paxRecord("path", entry.path));
  if (Buffer.byteLength(link) > 100 || !isAscii(link)) records.push(paxRecord("linkpath", link));
  if (records.length > 0) {
    const text = Buffer.from(records.join(""));
    yield block({ name: "PaxHeader", prefix: "", mode: 0o644, size: text.length, type: "x", link: "" });
    yield text;
    yield padding(text.length);
  }
  yield block({
    ...(place ?? { name: "long-name", prefix: "" }),
    mode: entry.executable ? 0o755 : 0o644,
    size: entry.size,
    type: entry.link === undefined ? "0" : "2",
    link: records.some((record) => record.includes(" linkpath=")) ? "" : link,
  });
}

/** A path in ustar's two fields (100 and 155 bytes), or undefined if it does not fit or is not ASCII. */
function split(path: string): { name: string; prefix: string } | undefined {
  if (!isAscii(path)) return undefined;
  if (path.length <= 100) return { name: path, prefix: "" };
  for (let i = path.indexOf("/"); i !== -1 && i <= 155; i = path.indexOf("/", i + 1)) {
    const name = path.slice(i + 1);
    if (name.length <= 100 && name !== "") return { name, prefix: path.slice(0, i) };
  }
  return undefined;
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** "LENGTH key=value\n", where LENGTH counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function block(field: {
  name: string;
  prefix: string;
  mode: number;
  size: number;
  type: string;
  link: string;
}): Uint8Array {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    bytes.write(value.toString(8).padStart(length - 1, "0"), at, length - 1, "latin1");
  };
  // Eleven octal digits: 8 GiB.
  if (field.size >= 8 ** 11) throw new TarError(`${field.name} is larger than 8 GiB`);
  bytes.write(field.name, 0, 100, "latin1");
  octal(field.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(field.size, 124, 12);
  octal(TAR_TIME, 136, 12);
  bytes.write(field.type, 156, 1, "latin1");
  bytes.write(field.link, 157, 100, "latin1");
  bytes.write("ustar\x0000", 257, 8, "latin1");
  bytes.write(field.prefix, 345, 155, "latin1");
  bytes.write(`${checksum(bytes).toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return bytes;
}

/** Sum of a header's bytes, those of the checksum itself as spaces. */
function checksum(bytes: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += bytes[i] ?? 0;
  return sum;
}

/** Takes a stream of chunks apart into the lengths asked for. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The next bytes, at least one and at most `most`. Throws TarError at the end of the stream. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) throw new TarError("ends in the middle");
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async exactly(length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const piece = await this.some(left);
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Reads the stream to its end, so that a damaged end of a compressed stream is found. */
  async drain(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }
}

/** A pax header longer than this is no header of ours, and would be kept in memory. */
const PAX_LIMIT = 64 * 1024;

/**
 * Reads an archive and calls `take` with every file and symbolic link, whose path and target are safe. `body` must be
 * read to its end before `take` resolves. Throws TarError for an archive that is damaged or holds something else.
 */
export async function readTar(
  stream: AsyncIterable<Uint8Array>,
  take: (entry: TarItem, body: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const pieces = new Pieces(stream);
  const links = new Set<string>();
  const seen = new Set<string>();
  let pax = new Map<string, string>();
  for (;;) {
    const bytes = await pieces.exactly(BLOCK);
    if (bytes.every((byte) => byte === 0)) break;
    const text = (at: number, length: number): string => {
      const field = Buffer.from(bytes.subarray(at, at + length));
      const end = field.indexOf(0);
      return field.toString("utf8", 0, end === -1 ? length : end);
    };
    const octal = (at: number, length: number): number => {
      const digits = text(at, length).trim();
      if (!/^[0-7]+$/.test(digits)) throw new TarError("has a damaged header");
      return Number.parseInt(digits, 8);
    };
    if (octal(148, 8) !== checksum(bytes)) throw new TarError("has a damaged header");
    const size = octal(124, 12);
    const type = text(156, 1);
    if (type === "x" || type === "g") {
      if (size > PAX_LIMIT) throw new TarError("has a header that is too long");
      const records = paxRecords(Buffer.from(await pieces.exactly(size)).toString("utf8"));
      await pieces.exactly(padding(size).length);
      // A global header ("g") is a remark, such as git's commit; it may not rename files.
      if (type === "x") pax = records;
      continue;
    }
    const prefix = text(345, 155);
    const path = (pax.get("path") ?? (prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`)).replace(/\/$/, "");
    const link = pax.get("linkpath") ?? text(157, 100);
    if (pax.has("size")) throw new TarError(`holds ${quote(path)}, which is too large`);
    pax = new Map();
    const wrong =
      unsafePath(path) ??
      (type === "2" ? unsafeLink(path, link) : undefined) ??
      (throughLink(path, links) ? "would be written through a link" : undefined) ??
      (seen.has(path) ? "is there twice" : undefined);
    if (wrong !== undefined) throw new TarError(`holds ${quote(path)}, which ${wrong}`);
    if (type === "5") continue;
    if (type !== "0" && type !== "" && type !== "2") {
      throw new TarError(`holds ${quote(path)}, which is neither a file nor a symbolic link`);
    }
    seen.add(path);
    const item = { path, executable: (octal(100, 8) & 0o100) !== 0 };
    if (type === "2") {
      links.add(path);
      await take({ ...item, size: 0, link }, nothing());
      continue;
    }
    let left = size;
    const body = async function* (): AsyncGenerator<Uint8Array> {
      while (left > 0) {
        const piece = await pieces.some(left);
        left -= piece.length;
        yield piece;
      }
    };
    await take({ ...item, size }, body());
    while (left > 0) left -= (await pieces.some(left)).length;
    await pieces.exactly(padding(size).length);
  }
  await pieces.drain();
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Whether a folder on the way to `path` is a symbolic link of the same archive. */
function throughLink(path: string, links: ReadonlySet<string>): boolean {
  for (let i = path.indexOf("/"); i !== -1; i = path.indexOf("/", i + 1)) if (links.has(path.slice(0, i))) return true;
  return links.has(path);
}

function paxRecords(text: string): Map<string, string> {
  const records = new Map<string, string>();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    const length = Number.parseInt(bytes.toString("latin1", at, at + 8), 10);
    const record = bytes.toString("utf8", at, at + (length || 0));
    const match = /^\d+ ([^=]+)=([^]*)\n$/.exec(record);
    if (!(length > 0) || match === null) throw new TarError("has a damaged header");
    records.set(match[1] ?? "", match[2] ?? "");
    at += length;
  }
  return records;
}

/** A name for a sentence: without control characters, and not without end. */
export function quote(name: string): string {
  const printable = name.replace(/[\x00-\x1f\x7f]/g, "?");
  return printable.length > 200 ? `${printable.slice(0, 200)}...` : printable;
}
