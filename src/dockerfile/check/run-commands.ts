import type { RunInstruction } from '../instruction.ts';

/** One simple command of a RUN: its words, quotes and assignments before it removed. */
export type ShellCommand = readonly string[];

/**
 * The commands that a RUN seems to start. A guess good enough for advice: quotes that hold separators, and
 * substitutions, are not understood.
 */
export function commandsOf({ command, heredocs }: RunInstruction): readonly ShellCommand[] {
  if (command.form === 'exec') {
    const [shell = '', flag = '', script] = command.args;
    if (!/(?:^|\/)(?:ba|da|a|z)?sh$/.test(shell) || !flag.startsWith('-') || script === undefined) return [command.args];
    return split(script);
  }
  const bodies = heredocs.map(({ content }) => content.replaceAll(/\\\n/g, ' ').replaceAll(/^\s*#.*$/gm, ''));
  return split([command.text.replaceAll(/<<-?\s*\S+/g, ' '), ...bodies].join('\n'));
}

function split(script: string): readonly ShellCommand[] {
  return script
    .split(/&&|\|\||[;|&\n(){}]|\b(?:then|do|else)\b/)
    .map(wordsOf)
    .filter((words) => words.length > 0);
}

function wordsOf(text: string): ShellCommand {
  const words = text
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/["']/g, ''))
    .filter((word) => word !== '');
  const first = words.findIndex(
    (word) => !/^\w+=/.test(word) && word !== 'sudo' && word !== 'exec' && word !== 'time' && word !== 'if' && word !== '!',
  );
  return first < 0 ? [] : words.slice(first);
}

/** The words of a command without its flags: `apt-get -y install x` is `apt-get install x`. */
export function plainWords(command: ShellCommand): readonly string[] {
  return command.filter((word) => !word.startsWith('-'));
}

/** Is this `program` with this first word? */
export function isCall(command: ShellCommand, program: RegExp, verb?: RegExp): boolean {
  const [name = '', first = ''] = plainWords(command);
  return program.test(name.slice(name.lastIndexOf('/') + 1)) && (verb === undefined || verb.test(first));
}

/** Does a cache or tmpfs mount of the RUN cover this directory? */
export function hasMountOn({ mounts }: RunInstruction, directory: RegExp): boolean {
  return mounts.some(({ fields }) => {
    const field = (name: string): string => fields.find(({ key }) => key === name)?.value ?? '';
    const type = field('type');
    const target = field('target') || field('dst') || field('destination');
    return (type === 'cache' || type === 'tmpfs') && directory.test(target);
  });
}
