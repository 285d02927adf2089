/** Lower case with one kind of separator, so "RAK_4631" and "rak-4631" are the same word. */
function normal(name: string): string {
  return name.toLowerCase().replace(/[\s_.]+/g, "-");
}

/**
 * Edits between two words: insert, delete, replace, or swap two neighbours (optimal string alignment, the restricted
 * Damerau-Levenshtein distance). A swap counts one because it is the commonest slip on a keyboard.
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/**
 * The known names a wrong one may have meant, best first, at most three.
 *
 * A name counts when one contains the other ("heltec" for "heltec-v3") or when at most a third of the letters
 * differ. Ties go by alphabet, so the answer is always the same.
 */
export function nearestNames(wrong: string, known: readonly string[]): string[] {
  const word = normal(wrong);
  if (word === "") return [];
  const scored = known.map((name) => {
    const other = normal(name);
    // Dashes are where people disagree most: "t-beam" is tbeam-sx1262.
    const [a, b] = [word, other].map((one) => one.replaceAll("-", ""));
    const contained = word.length >= 2 && a !== undefined && b !== undefined && (b.includes(a) || a.includes(b));
    return {
      name,
      score: contained ? 0.5 : editDistance(word, other),
      limit: Math.max(1, Math.floor(word.length / 3)),
    };
  });
  return scored
    .filter((entry) => entry.score <= entry.limit)
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((entry) => entry.name);
}
