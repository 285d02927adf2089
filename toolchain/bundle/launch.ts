/** The two programs at the root of a bundle. POSIX shell: what a machine has before it has anything of ours. */

const FIND_NODE = (command: string, major: string): string => `#!/bin/sh
# Made by \`mehr bundle\`. Uses this machine's Node.js ${major}, or else the bundle's own.
cd_to=$(dirname -- "$0")
major() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null; }
node=$(command -v node)
if [ -z "$node" ] || [ "$(major "$node")" != ${major} ]; then
  node=$cd_to/bundle/node/bin/node
  if [ "$(major "$node")" != ${major} ]; then
    echo "${command}: Node.js ${major} is neither on this machine's PATH nor in the bundle for this kind of machine." >&2
    exit 3
  fi
fi
`;

/** \`./setup\`: checks every file, then makes ready what builds need. */
export function setupScript(major: string): string {
  return `${FIND_NODE("setup", major)}"$node" "$cd_to/toolchain/bundle/check.mjs" || exit
exec "$node" "$cd_to/bin/mehr.mjs" setup --source bundle "$@"
`;
}

/** \`./mehr\`: the command line. */
export function mehrScript(major: string): string {
  return `${FIND_NODE("mehr", major)}exec "$node" "$cd_to/bin/mehr.mjs" "$@"
`;
}
