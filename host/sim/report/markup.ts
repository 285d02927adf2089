/** Markup as strings that cannot be mixed up with text: whatever is put into one is escaped unless it is markup itself. */

export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

type Content = Markup | string | number | undefined | false | readonly Content[];

/** Characters XML does not allow, not even escaped; they would end a strict reader's work. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;
/** Marks that turn the direction of the text behind them: a name must not reorder what stands beside it. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text made safe for content and for quoted attributes. */
export function escape(text: string): string {
  return text
    .replace(FORBIDDEN, "\u{fffd}")
    .replace(DIRECTION, "\u{fffd}")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

function render(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(render).join("");
  return escape(String(content));
}

/** The fixed parts of each template, without the indentation they have in the source. */
const parts = new WeakMap<TemplateStringsArray, readonly string[]>();

/** A template whose values are escaped; lists are joined, undefined and false are nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let fixed = parts.get(strings);
  if (fixed === undefined) {
    fixed = strings.map((part) => part.replace(/\n\s*/g, "\n"));
    parts.set(strings, fixed);
  }
  return new Markup(fixed.reduce((text, part, i) => text + render(values[i - 1]) + part));
}
