/** Questions at a terminal: a secret without echo, a line with it. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { MehrError } from "../../../toolchain/errors.ts";

/** True if somebody is there to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks for a line that is not shown. Throws MehrError (2) if nobody is there, or the question is broken off. */
export function askSecret(question: string, instead: string): Promise<string> {
  if (!canAsk()) throw new MehrError(2, `There is no terminal to ask for it: ${instead}.`);
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  stdin.setEncoding("utf8");
  return new Promise((resolve, reject) => {
    let typed = "";
    const end = (): void => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off("data", take);
      stderr.write("\n");
    };
    const take = (keys: string): void => {
      for (const key of keys) {
        if (key === "\r" || key === "\n") {
          end();
          return resolve(typed);
        }
        if (key === "\u0003" || key === "\u0004") {
          end();
          return reject(new MehrError(2, "Broken off; nothing was done."));
        }
        typed = key === "\u007f" || key === "\b" ? [...typed].slice(0, -1).join("") : typed + key;
      }
    };
    stdin.on("data", take);
  });
}

/** Asks for a line. Throws MehrError (2) if nobody is there. */
export async function askLine(question: string, instead: string): Promise<string> {
  if (!canAsk()) throw new MehrError(2, `There is no terminal to ask at: ${instead}.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

/** A secret from a file: its first line. Throws MehrError (2). */
export function secretFile(option: string, path: string): string {
  try {
    const [line = ""] = readFileSync(path, "utf8").split(/\r?\n/);
    if (line !== "") return line;
  } catch (error) {
    throw new MehrError(2, `${option} ${path} cannot be read: ${(error as Error).message}.`);
  }
  throw new MehrError(2, `${option} ${path}: its first line is empty.`);
}
