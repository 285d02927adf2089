export interface Machine {
  readonly os: string;
  readonly arch: string;
  readonly node: string;
}
export interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256?: string | undefined;
  readonly link?: string | undefined;
}
export declare const MANIFEST_PATH: string;
export declare function machineProblem(manifest: Machine, machine: Machine): string | undefined;
export declare function thisMachine(): Machine;
export declare function fileProblem<File extends PackedFile>(
  root: string,
  files: Iterable<File>,
): { readonly file: File; readonly clause: string } | undefined;
