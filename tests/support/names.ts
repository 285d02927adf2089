/** What c++filt writes, in the short form of toolchain/symbols/demangle.ts. */

/** c++filt's name without parameters of enclosing functions, template arguments and the numbers of lambdas. */
export function shortened(name: string): string {
  let text = name
    .replaceAll("(anonymous namespace)", "\u0001")
    .replaceAll(/\{lambda\([^{}]*\)#\d+\}/g, "{lambda}")
    .replaceAll(/operator<</g, "operator\u0002");
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replaceAll(/\([^()]*\)/g, "").replaceAll(/<[^<>]*>/g, "\u0003");
    text = text.replaceAll(/\u0003+/g, "\u0003");
  }
  return text.replaceAll("\u0001", "(anonymous namespace)").replaceAll("\u0002", "<<").replaceAll("\u0003", "<...>");
}
