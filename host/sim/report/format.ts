/** Numbers as a person reads them. */

/** "34 ms", "1.2 s", "4.5 min", "2.1 h". */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${short(ms / 1000)} s`;
  if (ms < 7_200_000) return `${short(ms / 60_000)} min`;
  return `${short(ms / 3_600_000)} h`;
}

/** Three digits at most: "0.12", "1.2", "12", "120". */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return trim(value.toFixed(digits));
}

export function percent(share: number): string {
  if (!Number.isFinite(share)) return "-";
  // 99.96 % delivered is not everything.
  const value = share * 100;
  if (value > 99.9 && value < 100) return "> 99.9 %";
  return `${trim(value.toFixed(1))} %`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A coordinate of a drawing: two digits are finer than any screen. */
export function coordinate(value: number): string {
  return trim(value.toFixed(2));
}

function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
