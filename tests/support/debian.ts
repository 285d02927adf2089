/** Debian packages that only tests need, installed where that is allowed, as the product does it for its own. */
import { allOnPath } from "../../toolchain/pio/environment.ts";
import { installSystemPackages, type MissingPackage } from "../../toolchain/pio/system.ts";

const PACKAGES = {
  openssl: { debian: "openssl", what: "the other side of a signature", executable: "openssl" },
  clang: { debian: "clang", what: "the second C compiler", executable: "clang" },
  zbarimg: { debian: "zbar-tools", what: "a reader of QR codes", executable: "zbarimg" },
  pdftoppm: { debian: "poppler-utils", what: "a reader of PDF", executable: "pdftoppm" },
  rsvg: { debian: "librsvg2-bin", what: "a reader of SVG", executable: "rsvg-convert" },
} as const;

/** Makes sure the programs of these packages are there. Throws MehrError (3) with the command where it may not. */
export async function ensureDebian(...names: readonly (keyof typeof PACKAGES)[]): Promise<void> {
  const missing: MissingPackage[] = names
    .map((name) => PACKAGES[name])
    .filter(({ executable }) => allOnPath(executable).length === 0);
  await installSystemPackages(missing);
}
