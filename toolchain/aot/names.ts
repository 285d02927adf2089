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
 * `field25519_feMul` for core-as/assembly/crypto/field25519/feMul. A single word is likely to be one of the C library's,
 * about which compilers know things, so it gets a letter in front.
 */
export function functionName(text: string): string {
  const parts = text
    .split("/")
    .map(identifier)
    .filter((part) => part !== "");
  const name = parts.slice(-2).join("_");
  return parts.length === 1 || OURS.test(name) ? `f_${name}` : name;
}

/** How locals, temporaries, labels, the instance and our headers name things, and types and macros of the C library. */
const OURS = /^[ltL]\d+(_|$)|^(s|mehr)_|_t$|^[A-Z0-9_]+$|^DATA\d|^word_aligned$/;

/** What mehr_aot_ops.h and the instance's own C call something, and names of two words that compilers know. */
export const RESERVED = [
  ...["memory_base", "memory_copy", "memory_fill", "memory_init", "table_entry", "function_pointer", "s_memory"],
  ...["aligned_alloc", "quick_exit", "size_t", "int8_t", "int16_t", "int32_t", "int64_t"],
  ...["uint8_t", "uint16_t", "uint32_t", "uint64_t"],
];

/** `text` for a comment: what is not plain ASCII could turn the reader's line around, and a slash could end it. */
export function commentText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, "?").replaceAll(/\/(?=\*)|\*(?=\/)/g, "$& ");
}

/** Gives each wish a name nobody has yet. */
export class Names {
  readonly #taken: Set<string>;
  /** Number to try next behind a wish that many have. */
  readonly #next = new Map<string, number>();

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set([...KEYWORDS, ...taken]);
  }

  claim(wish: string): string {
    const base = /^[A-Za-z]/.test(wish) ? wish : `x${wish}`;
    let name = base;
    let i = this.#next.get(base) ?? 2;
    for (; this.#taken.has(name); i++) name = `${base}_${i}`;
    this.#next.set(base, i);
    this.#taken.add(name);
    return name;
  }
}
