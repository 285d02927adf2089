/**
 * C++ names as people write them, from the mangled ones of a symbol table (Itanium C++ ABI, section 5.1, which the
 * compilers of all our chips follow).
 *
 * It tells where a program was and not which overload: parameters are left out, template arguments are `<...>` and
 * lambdas `{lambda}`. So substitutions need no table: the only name printed comes first, and nothing stands before it
 * that it could refer to. What is outside this part of the grammar stays as it came.
 */

const OPERATORS: Readonly<Record<string, string>> = {
  ...{ nw: " new", na: " new[]", dl: " delete", da: " delete[]", aS: "=", eq: "==", ne: "!=", lt: "<", gt: ">" },
  ...{ le: "<=", ge: ">=", pl: "+", mi: "-", ml: "*", dv: "/", rm: "%", ls: "<<", rs: ">>", ix: "[]", cl: "()" },
  ...{ pt: "->", nt: "!", co: "~", pL: "+=", mI: "-=", mL: "*=", an: "&", or: "|", eo: "^", aN: "&=", oR: "|=" },
  ...{ eO: "^=", aa: "&&", oo: "||", pp: "++", mm: "--", de: "*", ad: "&", ng: "-", lS: "<<=", rS: ">>=", ss: "<=>" },
};

const STANDARD: Readonly<Record<string, string>> = {
  t: "std",
  a: "std::allocator",
  b: "std::basic_string",
  s: "std::string",
  i: "std::istream",
  o: "std::ostream",
  d: "std::iostream",
};

const BUILTIN = "vwbcahstijlmxynofdegz";
/** Deeper than any name a person reads; a hostile file must not use up our stack. */
const MAX_DEPTH = 200;

class Unknown extends Error {}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  /** Names inside types are skipped, and there a substitution is as good as any. */
  #skipping = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get left(): string {
    return this.#text.slice(this.#at);
  }

  /** A function's or variable's name; its parameters are passed over. */
  encoding(): string {
    const name = this.#name();
    this.#skip(() => {
      while (this.#at < this.#text.length && !this.#peek("E") && !this.#peek(".")) this.#type();
    });
    return name;
  }

  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #need(text: string): void {
    if (!this.#take(text)) throw new Unknown();
  }

  #one(of: string): string | undefined {
    const letter = this.#text[this.#at];
    if (letter === undefined || !of.includes(letter)) return undefined;
    this.#at++;
    return letter;
  }

  #digits(): string {
    const digits = /^\d*/.exec(this.left)?.[0] ?? "";
    this.#at += digits.length;
    return digits;
  }

  #skip(parse: () => void): void {
    this.#skipping++;
    parse();
    this.#skipping--;
  }

  #name(): string {
    if (++this.#depth > MAX_DEPTH) throw new Unknown();
    const name = this.#take("N") ? this.#nested() : this.#take("Z") ? this.#local() : this.#unscoped();
    this.#depth--;
    return name;
  }

  #unscoped(): string {
    const scope = this.#take("St") ? "std::" : "";
    const name = scope + (this.#peek("S") ? this.#substitution() : this.#unqualified(""));
    return name + this.#templateArguments();
  }

  #nested(): string {
    while (this.#one("rVK"));
    this.#one("RO");
    const parts: string[] = [];
    while (!this.#take("E")) {
      if (this.#peek("I")) parts.push((parts.pop() ?? "") + this.#templateArguments());
      else if (this.#peek("S")) parts.push(this.#substitution());
      else if (this.#peek("T")) parts.push(this.#templateParameter());
      // A lambda in what a variable is initialised with: the variable is the scope.
      else if (!this.#take("M")) parts.push(this.#unqualified(parts.at(-1) ?? ""));
    }
    if (parts.length === 0) throw new Unknown();
    return parts.join("::");
  }

  #local(): string {
    const scope = this.encoding();
    this.#need("E");
    if (this.#take("s")) {
      this.#discriminator();
      return `${scope}::{literal}`;
    }
    if (this.#take("d")) {
      this.#digits();
      this.#need("_");
    }
    const name = this.#name();
    this.#discriminator();
    return `${scope}::${name}`;
  }

  #discriminator(): void {
    const match = /^_(?:\d|_\d+_)/.exec(this.left);
    if (match !== null) this.#at += match[0].length;
  }

  /** `last` is the class, for its constructors. */
  #unqualified(last: string): string {
    this.#take("L");
    const name = this.#base(last);
    while (this.#take("B")) this.#source();
    return name;
  }

  #base(last: string): string {
    if (/^\d/.test(this.left)) return this.#source();
    if (this.#take("Ul")) {
      this.#skip(() => {
        while (!this.#take("E")) this.#type();
      });
      this.#number();
      return "{lambda}";
    }
    if (this.#take("Ut")) {
      this.#number();
      return "{unnamed}";
    }
    const own = last.replace(/<\.\.\.>$/, "");
    if (own !== "" && /^C[1-5]/.test(this.left)) {
      this.#at += 2;
      return own;
    }
    if (own !== "" && /^D[0-5]/.test(this.left)) {
      this.#at += 2;
      return `~${own}`;
    }
    if (this.#take("cv")) {
      this.#skip(() => this.#type());
      return "operator conversion";
    }
    const operator = OPERATORS[this.left.slice(0, 2)];
    if (operator === undefined) throw new Unknown();
    this.#at += 2;
    return `operator${operator}`;
  }

  /** A number that may be absent, and the line behind it. */
  #number(): void {
    this.#digits();
    this.#need("_");
  }

  #source(): string {
    const length = Number(this.#digits());
    const name = this.#text.slice(this.#at, this.#at + length);
    if (length === 0 || name.length !== length) throw new Unknown();
    this.#at += length;
    return name.startsWith("_GLOBAL__N") ? "(anonymous namespace)" : name;
  }

  #substitution(): string {
    this.#need("S");
    const standard = STANDARD[this.#one("tabsiod") ?? ""];
    if (standard !== undefined) return standard;
    const match = /^[0-9A-Z]*_/.exec(this.left);
    if (match === null || this.#skipping === 0) throw new Unknown();
    this.#at += match[0].length;
    return "?";
  }

  #templateParameter(): string {
    this.#need("T");
    this.#number();
    if (this.#skipping === 0) throw new Unknown();
    return "?";
  }

  #templateArguments(): string {
    if (!this.#take("I")) return "";
    this.#skip(() => {
      while (!this.#take("E")) this.#templateArgument();
    });
    return "<...>";
  }

  #templateArgument(): void {
    if (++this.#depth > MAX_DEPTH) throw new Unknown();
    if (this.#take("J")) {
      while (!this.#take("E")) this.#templateArgument();
    } else if (this.#take("L")) {
      if (this.#take("_Z")) this.encoding();
      else {
        this.#type();
        const match = /^n?[0-9a-f]*/.exec(this.left);
        this.#at += match?.[0].length ?? 0;
      }
      this.#need("E");
    } else this.#type();
    this.#depth--;
  }

  #type(): void {
    if (++this.#depth > MAX_DEPTH) throw new Unknown();
    while (this.#one("rVKPROCG"));
    if (this.#take("Dp")) this.#type();
    else if (/^D[dfheisacnu]/.test(this.left)) this.#at += 2;
    else if (this.#take("u")) this.#source();
    else if (this.#take("F")) {
      this.#take("Y");
      while (!this.#take("E")) if (this.#one("RO") === undefined || !this.#peek("E")) this.#type();
    } else if (this.#take("A")) {
      this.#number();
      this.#type();
    } else if (this.#take("M")) {
      this.#type();
      this.#type();
    } else if (this.#peek("T")) {
      this.#templateParameter();
      this.#templateArguments();
    } else if (/^S(?!t)/.test(this.left)) {
      this.#substitution();
      this.#templateArguments();
    } else if (this.#one(BUILTIN) === undefined) this.#name();
    this.#depth--;
  }
}

/** The name behind a mangled one; a name that is not mangled, or not in the part of the grammar above, as it is. */
export function demangle(name: string): string {
  // The compiler's clones: .part.0, .constprop.1, .cold.
  const plain = name.replace(/\.(?:part|constprop|isra|cold|lto_priv|localalias|llvm)(?:\.\d+)?/g, "");
  if (!plain.startsWith("_Z") || plain.length > 4096) return plain;
  try {
    const parser = new Parser(plain.slice(2));
    const text = parser.encoding();
    return parser.left === "" ? text : name;
  } catch (error) {
    if (error instanceof Unknown) return name;
    throw error;
  }
}
