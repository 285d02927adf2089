/** C names for what a module calls by other names. */

const KEYWORDS = new Set(
  (
    "alignas alignof auto bool break case char const continue default do double else enum extern float for goto if " +
    "inline int long main register restrict return short signed sizeof static struct switch typedef union unsigned " +
    "void volatile while"
  ).split(" "),
);

/** Letters, digits and underscores of `text`; anything else becomes one underscore. */
export function identifier(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
}

/**
 * Short readable name of a function from AssemblyScript's: the file and what is in it, without folders, as in
 * `field25519_feMul` for core-as/assembly/crypto/field25519/feMul.
 */
export function functionName(text: string): string {
  const parts = text.split("/").map(identifier);
  return parts
    .filter((part) => part !== "")
    .slice(-2)
    .join("_");
}

/** Gives each wish a name nobody has yet. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set([...KEYWORDS, ...taken]);
  }

  claim(wish: string): string {
    const base = /^[A-Za-z]/.test(wish) ? wish : `x${wish}`;
    let name = base;
    for (let i = 2; this.#taken.has(name); i++) name = `${base}_${i}`;
    this.#taken.add(name);
    return name;
  }
}
