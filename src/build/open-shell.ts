import type { ShellOptions } from './shell-options.ts';

/**
 * Run a shell in the tree of a step. Loaded when somebody asks for it.
 * @throws {SlipwayError} `BUILD_NO_BUILD`, `BUILD_NO_STEP`, `BUILD_NO_TREE`, `BUILD_NO_SHELL`; an exit code other than 0 is no error.
 */
export async function openShell(options: ShellOptions = {}): Promise<{ readonly exitCode: number }> {
  return await (await import('./shell.ts')).openShell(options);
}
