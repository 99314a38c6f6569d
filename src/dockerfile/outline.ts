import { type GlobalScope, globalScope, ownValue, tryExpand } from './check/globals.ts';
import { reachable } from './check/needed-stages.ts';
import type { ArgDeclaration, Dockerfile, Stage } from './instruction.ts';

/** What somebody may give to a build of one stage. Lists are in the order of the file. */
export interface Outline {
  /** Of the stage; `undefined` when it has none. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly args: readonly OutlineArg[];
  readonly secrets: readonly OutlineMount[];
  readonly ssh: readonly OutlineMount[];
}

export interface OutlineArg {
  readonly name: string;
  /** The value a build would use; empty when there is none. */
  readonly value: string;
  readonly description: string | undefined;
  readonly line: number;
}

export interface OutlineMount {
  readonly name: string;
  readonly required: boolean;
  readonly line: number;
}

export interface OutlineOptions {
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  readonly platform?: string | undefined;
  readonly buildPlatform?: string | undefined;
}

/** The arguments, secrets and agents that `target` and the stages it needs make use of. */
export function outline(file: Dockerfile, target: Stage, options: OutlineOptions = {}): Outline {
  const globals = globalScope(file, { ...options, target: target.name });
  const stages = [...reachable(file, globals, target)].sort((a, b) => a - b).flatMap((index) => file.stages[index] ?? []);
  const found = new Found(file, globals, options.buildArgs ?? {});
  for (const stage of stages) found.visit(stage);
  return { name: target.name, description: target.from.description, ...found.lists() };
}

class Found {
  readonly #file: Dockerfile;
  readonly #globals: GlobalScope;
  readonly #buildArgs: Readonly<Record<string, string>>;
  readonly #global = new Map<string, { readonly declaration: ArgDeclaration; readonly line: number }>();
  readonly #args = new Map<string, OutlineArg>();
  readonly #secrets = new Map<string, OutlineMount>();
  readonly #ssh = new Map<string, OutlineMount>();

  constructor(file: Dockerfile, globals: GlobalScope, buildArgs: Readonly<Record<string, string>>) {
    this.#file = file;
    this.#globals = globals;
    this.#buildArgs = buildArgs;
    for (const { declarations, line } of file.args) {
      for (const declaration of declarations) this.#global.set(declaration.name.text, { declaration, line });
    }
  }

  visit(stage: Stage): void {
    const { escape } = this.#file.directives;
    for (const word of [stage.from.image, stage.from.platform]) {
      if (word === undefined) continue;
      const names = tryExpand(word, (name) => this.#globals.values.get(name), { escape });
      for (const name of [...(names?.used ?? []), ...(names?.unset ?? [])]) this.#useGlobal(name);
    }
    const env = new Map<string, string>();
    for (const instruction of stage.instructions) {
      if (instruction.kind === 'arg') {
        for (const declaration of instruction.declarations) this.#declare(declaration, instruction.line, env);
      } else if (instruction.kind === 'env') {
        for (const { key, value } of instruction.pairs) {
          const expanded = tryExpand(value, (name) => env.get(name), { escape })?.value;
          if (expanded !== undefined) env.set(key.text, expanded);
        }
      } else if (instruction.kind === 'run') {
        for (const { fields } of instruction.mounts)
          this.#mount(new Map(fields.map(({ key, value }) => [key, value])), instruction.line);
      }
    }
  }

  lists(): Pick<Outline, 'args' | 'secrets' | 'ssh'> {
    const inOrder = <T extends { readonly line: number }>(map: ReadonlyMap<string, T>): readonly T[] =>
      [...map.values()].sort((a, b) => a.line - b.line);
    return { args: inOrder(this.#args), secrets: inOrder(this.#secrets), ssh: inOrder(this.#ssh) };
  }

  #useGlobal(name: string): boolean {
    const found = this.#global.get(name);
    if (found === undefined) return this.#globals.names.has(name);
    const { declaration, line } = found;
    this.#args.set(name, { name, value: this.#globals.values.get(name) ?? '', description: declaration.description, line });
    return true;
  }

  #declare({ name: word, value, description }: ArgDeclaration, line: number, env: Map<string, string>): void {
    const { escape } = this.#file.directives;
    const name = word.text;
    const given = ownValue(this.#buildArgs, name);
    if (given === undefined && value === undefined && this.#globals.names.has(name)) {
      const known = this.#globals.values.get(name);
      if (known !== undefined) env.set(name, known);
      if (this.#useGlobal(name)) return;
    }
    const effective = given ?? (value && tryExpand(value, (each) => env.get(each), { escape })?.value);
    if (effective !== undefined) env.set(name, effective);
    this.#args.set(name, { name, value: effective ?? '', description, line });
  }

  #mount(fields: ReadonlyMap<string, string | undefined>, line: number): void {
    const type = fields.get('type');
    if (type !== 'secret' && type !== 'ssh') return;
    const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination') ?? '';
    const id =
      fields.get('id') ??
      (type === 'ssh' ? 'default' : (fields.get('source') ?? fields.get('src') ?? target.slice(target.lastIndexOf('/') + 1)));
    const required = fields.has('required') && !/^(?:0|f|false)$/i.test(fields.get('required') ?? 'true');
    const list = type === 'secret' ? this.#secrets : this.#ssh;
    const earlier = list.get(id);
    list.set(id, earlier === undefined ? { name: id, required, line } : { ...earlier, required: earlier.required || required });
  }
}
