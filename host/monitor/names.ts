/** Names of relays, from the fleet.lock of the people who own them. */
import { existsSync, readFileSync } from "node:fs";
import { MehrError } from "../../toolchain/errors.ts";

/**
 * Address (32 hex digits) to name of every device in a fleet.lock. Without `path`, ./fleet.lock if there is one.
 * Throws MehrError (2) for a file that was named and is none.
 */
export function fleetNames(path: string | undefined): Map<string, string> {
  const file = path ?? "fleet.lock";
  if (!existsSync(file)) {
    if (path === undefined) return new Map();
    throw new MehrError(2, `--fleet ${path}: there is no such file; \`mehr provision\` writes one.`);
  }
  try {
    return namesIn(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (path === undefined) return new Map();
    throw new MehrError(2, `--fleet ${path}: it is no fleet.lock: ${(error as Error).message}.`);
  }
}

/** Every object with a `name` and a `destination`, wherever the file has its list. */
function namesIn(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (one: unknown, key: string | undefined, depth: number): void => {
    if (typeof one !== "object" || one === null || depth > 4) return;
    const { name = key, destination } = one as { name?: unknown; destination?: unknown };
    if (typeof name === "string" && typeof destination === "string" && /^[0-9a-f]{32}$/i.test(destination)) {
      found.set(destination.toLowerCase(), name);
      return;
    }
    for (const [inner, child] of Object.entries(one)) visit(child, Array.isArray(one) ? undefined : inner, depth + 1);
  };
  visit(value, undefined, 0);
  return found;
}
