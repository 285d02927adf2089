/** What one line of PlatformIO's output tells. */
export type PioEvent =
  | { kind: "compile" | "archive" | "link" | "image" | "size"; target: string }
  | { kind: "package"; text: string }
  | { kind: "warning"; text: string };

/** Bytes used of bytes there are. */
export interface Usage {
  used: number;
  max: number;
}

const STEP_KIND = {
  Compiling: "compile",
  Archiving: "archive",
  Indexing: "archive",
  Linking: "link",
  Building: "image",
  "Checking size": "size",
} as const;

/** The progress event in a line, or undefined for a line that tells none. */
export function parseProgress(line: string): PioEvent | undefined {
  const step = /^(Compiling|Archiving|Indexing|Linking|Building|Checking size) (\S.*)$/.exec(line);
  // "Building in release mode" opens every build and is no file.
  if (step !== null && !/^in \w+ mode$/.test(step[2] ?? "")) {
    return { kind: STEP_KIND[step[1] as keyof typeof STEP_KIND], target: step[2] ?? "" };
  }
  const manager = /^(?:Platform|Tool|Library) Manager: (.+)$/.exec(line);
  if (manager !== null && !/is already installed/.test(line)) return { kind: "package", text: manager[1] ?? "" };
  if (COMPILER_MESSAGE.exec(line)?.[2] === "warning") return { kind: "warning", text: line };
  return undefined;
}

/** The memory report of `checkprogsize`; a board without limits (native) has none. */
export function parseUsage(output: string): { flash?: Usage; ram?: Usage } {
  const find = (name: string): Usage | undefined => {
    const match = new RegExp(`^${name}:\\s.*\\(used (\\d+) bytes from (\\d+) bytes\\)`, "m").exec(output);
    return match === null ? undefined : { used: Number(match[1]), max: Number(match[2]) };
  };
  const flash = find("Flash");
  const ram = find("RAM");
  return { ...(flash === undefined ? {} : { flash }), ...(ram === undefined ? {} : { ram }) };
}

// file:line[:column]: error: text
const COMPILER_MESSAGE = /^(\S.*?:\d+(?::\d+)?): (?:fatal )?(error|warning): /;
const LINKER_MESSAGE =
  /undefined reference to |multiple definition of |region `[^']*' overflowed by |will not fit in region |cannot find (?:-l|\S+: No such)|relocation truncated to fit|section \S+ (?:LMA|VMA) .* overlaps |cannot open linker script|DWARF error|can't link /;
const TOOL_NOISE = /^(?:\*\*\* |scons: |collect2: |={3,}|compilation terminated|make: )/;

// PlatformIO prints the first one with no text at all when no address of its registry could be reached.
const OFFLINE = /^(?:Error: )?You are not connected to the Internet|^(?:InternetConnectionError|HTTPClientError)\b/;

/** The most lines of errors shown; the first errors are the causes, later ones often their consequences. */
const MAX_ERROR_LINES = 24;

/**
 * The lines of a failed run that tell a person why: the compiler's errors with the source line and caret below them,
 * the linker's, else PlatformIO's own sentence, else the last lines. Never empty for a non-empty output.
 */
export function extractErrors(output: string): string[] {
  const lines = output.split("\n").map((line) => line.replace(/\r$/, "").trimEnd());
  const compiler = compilerErrors(lines);
  if (compiler.length > 0) return limit(compiler);
  const linker = linkerErrors(lines);
  if (linker.length > 0) return limit(linker);
  const own = platformioErrors(lines);
  if (own.length > 0) return limit(own);
  const rest = lines.filter((line) => line !== "" && !TOOL_NOISE.test(line) && !parseProgress(line));
  return rest.slice(-6);
}

function compilerErrors(lines: string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (COMPILER_MESSAGE.exec(lines[i] ?? "")?.[2] !== "error") continue;
    found.push(lines[i] ?? "");
    // "   12 |   source text" and "      |   ^~~~" belong to the message above.
    while (/^\s*\d*\s*\|/.test(lines[i + 1] ?? "")) {
      i++;
      found.push(lines[i] ?? "");
    }
  }
  return found;
}

function linkerErrors(lines: string[]): string[] {
  const found: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (!LINKER_MESSAGE.test(line)) continue;
    // "main.o: in function `main':" stands once above the references that follow it.
    const above = lines[index - 1] ?? "";
    if (/: in function `.*':$/.test(above)) found.push(withoutToolPath(above));
    found.push(withoutToolPath(line));
  }
  return unique(found);
}

/** `/long/path/to/bin/ld: file.o: ...` without the linker's own path. */
function withoutToolPath(line: string): string {
  return line.replace(/^\S*?\bld(?:\.\w+)?: /, "");
}

/** PlatformIO's own errors, made into sentences that name what to do. */
function platformioErrors(lines: string[]): string[] {
  const found: string[] = [];
  let installing = "a package that the build needs";
  for (const line of lines) {
    const manager = /^\w+ Manager: Installing (.+)$/.exec(line);
    if (manager !== null) installing = manager[1] ?? installing;
    const named = /^(?:\w*(?:Error|Exception|Unknown\w+|Undefined\w+)): ?(.*)$/.exec(line);
    const scons = /^\*\*\* (?!\[.*\] Error \d)(.+)$/.exec(line);
    if (OFFLINE.test(line)) {
      found.push(`PlatformIO's registry does not answer, and ${installing} is not on this machine.`);
    } else if (named !== null) {
      found.push(named[1] || line);
    } else if (scons !== null) {
      found.push(scons[1] ?? line);
    }
  }
  return unique(found);
}

function unique(lines: string[]): string[] {
  return [...new Set(lines)];
}

function limit(lines: string[]): string[] {
  if (lines.length <= MAX_ERROR_LINES) return lines;
  return [...lines.slice(0, MAX_ERROR_LINES), `... and ${lines.length - MAX_ERROR_LINES} more lines`];
}
