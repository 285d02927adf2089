/** Addresses as people and cameras read them. */

/** "0123 4567 89ab cdef ...": 32 hexadecimal digits in groups of four, as a person reads them aloud. */
export function grouped(destination: string): string {
  return destination.replace(/(.{4})(?=.)/g, "$1 ");
}

/**
 * The address as a URI, in capitals: a QR code packs capitals and digits into 5.5 bits each, lower case into 8. Scheme
 * and digits are the same in either case (RFC 3986 section 3.1).
 */
export function destinationUri(destination: string): string {
  return `mehr:${destination}`.toUpperCase();
}
