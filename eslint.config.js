/** Lint: TypeScript's own recommendations, and the direction of imports (design: data flows through the house one way). */
import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Everything a core file may not import: packages and rooms outside core-as/assembly. */
const outside = {
  regex: "^[^.]|/(host|toolchain|boards|testing)/",
  message: "core-as imports nothing outside itself.",
};

/** A rule for the sources of a room; its tests may look further. */
function room(files, ...patterns) {
  return {
    files,
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  };
}

/** A room of host that may import these of its neighbours and no other. */
function hostRoom(name, neighbours) {
  return room([`host/${name}/**/*.ts`], {
    regex: `/(cli|core-as)/|^\\.\\./(?!(${[...neighbours, "\\.\\."].join("|")})(/|$))`,
    message: `host/${name} imports ${neighbours.length === 0 ? "no other room of host" : neighbours.join(", ")}.`,
  });
}

export default tseslint.config(
  { ignores: ["build", "dist", ".pio", ".mehr", "node_modules", "**/*.gen.ts"] },
  js.configs.recommended,
  tseslint.configs.strict,
  tseslint.configs.stylistic,
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // `() => {}` is how a host says that it does nothing.
      "@typescript-eslint/no-empty-function": "off",
      "no-control-regex": "off",
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.mjs", "eslint.config.js"],
    languageOptions: { globals: { process: "readonly" } },
  },
  {
    // AssemblyScript: its types are numbers, == is its equality, and load, store and memory are built in.
    files: ["core-as/assembly/**/*.ts", "core-as/testing/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      eqeqeq: "off",
      "no-undef": "off",
      "no-loss-of-precision": "off",
      "prefer-const": "error",
      "@typescript-eslint/consistent-type-imports": "off",
      "@typescript-eslint/consistent-type-assertions": "off",
      "@typescript-eslint/no-inferrable-types": "off",
      "@typescript-eslint/no-empty-interface": "off",
    },
  },
  room(["core-as/assembly/*.ts"], outside),
  room(["core-as/assembly/crypto/**/*.ts"], outside, {
    regex: "^\\.\\./(?!abi$)",
    message: "crypto knows nobody but the boundary's vocabulary.",
  }),
  room(["core-as/assembly/wire/**/*.ts"], outside, {
    regex: "^\\.\\./(?!(abi|profile)$)",
    message: "wire knows nobody but the boundary's vocabulary and the profile's sizes.",
  }),
  room(["core-as/assembly/state/**/*.ts"], outside, {
    regex: "^\\.\\./(link/|net/|trust/|pay/|node$)",
    message: "state is used by link and net, never the other way.",
  }),
  room(["core-as/assembly/link/**/*.ts"], outside, {
    regex: "^\\.\\./(net/|trust/|pay/|node$)",
    message: "link uses wire, crypto and state only.",
  }),
  room(["core-as/assembly/net/**/*.ts"], outside, {
    regex: "^\\.\\./(trust/|pay/|node$)",
    message: "net reaches trust and pay through the policy given at boot.",
  }),
  room(["core-as/assembly/trust/**/*.ts"], outside, {
    regex: "^\\.\\./(?!(abi|profile)$|(state|wire|crypto)/)",
    message: "trust uses state, wire and crypto only.",
  }),
  room(["boards/**/*.ts"], {
    regex: "/(host|toolchain|core-as)/",
    message: "boards import their schema and nothing outside boards/.",
  }),
  room(["toolchain/**/*.ts"], {
    regex: "/(host|core-as)/",
    message: "toolchain imports boards, never host or the core.",
  }),
  {
    ...room(["host/**/*.ts"], {
      regex: "/(cli|core-as)/",
      message: "Nothing imports cli, and the core is reached as a module only.",
    }),
    ignores: ["**/*.test.ts", "host/cli/**"],
  },
  // A device is reached one way: serial and core know nobody, board uses them, device uses board, and what people do with
  // devices uses device. A later rule replaces an earlier one for the same file, so each says the whole.
  hostRoom("serial", []),
  hostRoom("core", []),
  hostRoom("radio", []),
  hostRoom("board", ["core", "radio", "serial"]),
  hostRoom("device", ["board", "core", "serial"]),
  hostRoom("fleet", ["board", "core", "device", "serial"]),
  hostRoom("flash", ["board", "device", "serial"]),
  hostRoom("monitor", ["board", "core", "device", "serial"]),
);
