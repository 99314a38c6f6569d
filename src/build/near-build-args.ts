import { nearest } from '../base/index.ts';
import type { Dockerfile } from '../dockerfile/index.ts';

/**
 * Words on build arguments that no ARG takes, but whose names are close to one that is there. Others may be meant for a trigger of the base image, or
 * for every Dockerfile of a project, so nothing is said of them.
 */
export function nearBuildArgs(file: Dockerfile, buildArgs: Readonly<Record<string, string>>): readonly string[] {
  const declared = new Set(file.instructions.flatMap(declaredBy));
  return Object.keys(buildArgs).flatMap((name) => {
    const meant = declared.has(name) ? undefined : nearest(name, declared, Math.min(2, Math.floor(name.length / 3)));
    return meant === undefined ? [] : [`no ARG takes the build argument \`${name}\`: did you mean \`${meant}\`?`];
  });
}

function declaredBy(instruction: Dockerfile['instructions'][number]): readonly string[] {
  switch (instruction.kind) {
    case 'arg':
      return instruction.declarations.map(({ name }) => name.text);
    case 'onbuild':
      return instruction.trigger === undefined ? [] : declaredBy(instruction.trigger);
    default:
      return [];
  }
}
