import { accessSync, constants, statSync } from 'node:fs';
import { posix } from 'node:path';
import { hostPath, SlipwayError } from '../base/index.ts';
import { fsPath, resolveInRoot } from '../native/index.ts';
import type { SandboxProcess } from './ports.ts';
import { environment } from './runtime-spec.ts';

/**
 * Why a process did not start, found by looking rather than by reading the runtime's prose, which differs between runtimes
 * and versions.
 */
export function startFailure(runtime: string, process: SandboxProcess, message: string): SlipwayError {
  const program = process.args[0] ?? '';
  const isMounted = process.mounts.some(({ destination }) => program.startsWith(`${destination}/`));
  const state = isMounted ? 'fine' : programState(process, program);
  switch (state) {
    case 'missing':
      return notStarted(
        'SANDBOX_NO_PROGRAM',
        program.includes('/')
          ? `exec: "${program}": stat ${program}: no such file or directory`
          : `exec: "${program}": executable file not found in $PATH`,
        message,
        program === '/bin/sh'
          ? 'this stage has no shell; use the exec form, `RUN ["/program", "argument"]`, or a base image with a shell'
          : 'install the program in an earlier RUN, or name it by its full path',
      );
    case 'not-executable':
      return notStarted('SANDBOX_NOT_EXECUTABLE', `exec: "${program}": permission denied`, message, 'make the file executable');
    case 'fine':
      return new SlipwayError('SANDBOX_START_FAILED', `${runtime} could not start the process: ${message}`, {
        class: 'step',
        hint: isLimited(process) ? 'it was to run with limits: does this machine have what they ask for?' : undefined,
      });
  }
}

function notStarted(
  code: 'SANDBOX_NO_PROGRAM' | 'SANDBOX_NOT_EXECUTABLE',
  text: string,
  said: string,
  hint: string,
): SlipwayError {
  return new SlipwayError(code, text, { class: 'step', cause: new Error(said), hint });
}

function isLimited({ limits = {} }: SandboxProcess): boolean {
  return Object.values(limits).some((value) => value !== undefined);
}

type ProgramState = 'fine' | 'missing' | 'not-executable';

function programState({ root, env, cwd }: SandboxProcess, program: string): ProgramState {
  const look = (path: string): ProgramState => {
    const host = resolveInRoot(hostPath(root), posix.resolve('/', cwd, path));
    const stat = statSync(fsPath(host), { throwIfNoEntry: false });
    if (stat === undefined) return 'missing';
    return stat.isFile() && isExecutable(host) ? 'fine' : 'not-executable';
  };
  try {
    if (program.includes('/')) return look(program);
    const path = environment(env).find((variable) => variable.startsWith('PATH='));
    const found = (path ?? '')
      .slice('PATH='.length)
      .split(':')
      .map((directory) => look(`${directory}/${program}`));
    return found.includes('fine') ? 'fine' : 'missing';
  } catch {
    // A name that is too long, a file as a directory: the runtime's own words say it.
    return 'fine';
  }
}

function isExecutable(host: string): boolean {
  try {
    accessSync(fsPath(host), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
