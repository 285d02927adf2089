/** Spelling of one name in the languages the boundary is written in. */

/** NeighbourFound -> NEIGHBOUR_FOUND. */
export function upperSnake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}

/** BadConfig -> bad_config. */
export function lowerSnake(name: string): string {
  return upperSnake(name).toLowerCase();
}
