/** docs/manifest.md: what a manifest says, rendered from its schema so that the page cannot fall behind. */
import { MANIFEST_VERSION, manifestJsonSchema } from "./manifest.ts";

export const MANIFEST_DOC = "docs/manifest.md";

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** "object, or null", "array of objects", "whole number". */
function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array")
    return `list of ${schema.items === undefined ? "anything" : plural(typeOf(schema.items))}`;
  return [schema.type ?? "anything"]
    .flat()
    .map((type) => NAMES[type] ?? type)
    .join(" or ");
}

const NAMES: Readonly<Record<string, string>> = { integer: "whole number", string: "text" };

function plural(type: string): string {
  return type === "object" ? "objects" : type;
}

/** A row for each field, those of objects and lists of objects below their own. */
function rows(schema: Schema, path = ""): string[] {
  const object = [schema, ...(schema.anyOf ?? [])].find(({ properties }) => properties !== undefined);
  return Object.entries(object?.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}${name}`;
    const row = `| \`${here}\` | ${typeOf(field)} | ${field.description ?? ""} |`;
    return [row, ...(field.type === "array" ? rows(field.items ?? {}, `${here}[].`) : rows(field, `${here}.`))];
  });
}

export function renderManifestDoc(): string {
  const schema = manifestJsonSchema();
  return `# manifest.json

<!-- Rendered from toolchain/manifest.ts by \`mehr generate\`. Edit the schema instead: a test fails when the two differ. -->

Each image has one, in the folder \`mehr build\` writes. It alone drives every flasher: \`name\`, \`version\` and \`builds\` are
what esp-web-tools reads, the rest is ours. It has no times and no paths, so the same sources give the same bytes.

This is version ${MANIFEST_VERSION}. A reader takes no other; version 1 had no \`builds\`, \`softdevice\`, \`uf2\`, \`usb\`, \`app\` and
\`region\`, version 2 no \`image_sha256\`. How an image is verified and signed is in [images.md](images.md).

| field | type | what it says |
|---|---|---|
${rows(schema as Schema).join("\n")}

\`path\` is the name of a file in the manifest's own folder. \`artifacts\` has each file once; \`builds\` names some of them.

## JSON Schema

\`\`\`json
${JSON.stringify(schema, null, 2)}
\`\`\`
`;
}
