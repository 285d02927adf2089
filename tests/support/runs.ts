/** How often properties are tried: MEHR_NIGHTLY=1 takes the time a commit does not have. */

export const NIGHTLY = process.env.MEHR_NIGHTLY !== undefined;

/** `day` tries as a rule, `night` by night. */
export function runs(day: number, night: number): number {
  return NIGHTLY ? night : day;
}
