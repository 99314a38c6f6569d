import { nearest } from '../base/index.ts';
import type { Dockerfile } from '../dockerfile/index.ts';

/** What to say of names in `--no-cache-filter` that no stage has: nothing runs again because of them. Docker's builder is silent there. */
export function unknownStages(file: Dockerfile, names: readonly string[]): readonly string[] {
  const stages = file.stages.flatMap(({ name }) => name ?? []);
  return names
    .filter((name) => !stages.includes(name.toLowerCase()) && !/^(?:stage-)?\d+$/.test(name))
    .map((name) => {
      const meant = nearest(name, stages);
      return `--no-cache-filter: there is no stage \`${name}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`;
    });
}
