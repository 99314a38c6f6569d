import { type GlobalScope, globalScope, ownValue, tryExpand } from './check/globals.ts';
import { directNeeds, reachable, stageNamed } from './check/needed-stages.ts';
import type { ExpandOptions } from './expand.ts';
import { inheritedVariable } from './growth.ts';
import type { ArgDeclaration, Dockerfile, Stage, Word } from './instruction.ts';

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

/**
 * The arguments, secrets and agents that `target` and the stages it needs make use of. Of one that several stages use, the
 * target's is told, then that of its base, then that of the stages it takes files from.
 */
export function outline(file: Dockerfile, target: Stage, options: OutlineOptions = {}): Outline {
  const globals = globalScope(file, { ...options, target: target.name });
  const reader = new OutlineReader(file, globals, options.buildArgs ?? {});
  const needed = [...reachable(file, globals, target)];
  const uses = new Map<number, StageUses>();
  for (const index of [...needed].sort((a, b) => a - b)) {
    const stage = file.stages[index];
    if (stage !== undefined) uses.set(index, reader.read(stage, uses));
  }
  const all = byNearness(file, globals, target).flatMap((index) => uses.get(index) ?? []);
  return {
    name: target.name,
    description: target.from.description,
    args: firstOfEach(all.map(({ args }) => args)),
    secrets: firstOfEach(all.map(({ secrets }) => secrets)),
    ssh: firstOfEach(all.map(({ ssh }) => ssh)),
  };
}

/** The target, then its base with all that needs, then its sources. */
function byNearness(file: Dockerfile, globals: GlobalScope, target: Stage): readonly number[] {
  const seen = new Set<number>();
  const waiting = [target.index];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const stage = file.stages[index];
    if (stage === undefined || seen.has(index)) continue;
    seen.add(index);
    waiting.push(...directNeeds(file, globals, stage).toReversed());
  }
  return [...seen];
}

/** In the order of the file. */
function firstOfEach<T extends { readonly name: string; readonly line: number }>(
  maps: readonly ReadonlyMap<string, T>[],
): readonly T[] {
  const found = new Map<string, T>();
  for (const [name, each] of maps.flatMap((map) => [...map])) if (!found.has(name)) found.set(name, each);
  return [...found.values()].sort((a, b) => a.line - b.line);
}

/** What one stage itself makes use of. */
interface StageUses {
  readonly args: Map<string, OutlineArg>;
  readonly secrets: Map<string, OutlineMount>;
  readonly ssh: Map<string, OutlineMount>;
  /** After its last instruction. */
  readonly env: Map<string, string>;
}

class OutlineReader {
  readonly #how: ExpandOptions;
  readonly #globals: GlobalScope;
  readonly #buildArgs: Readonly<Record<string, string>>;
  readonly #declarations = new Map<string, { readonly declaration: ArgDeclaration; readonly line: number }>();

  constructor(file: Dockerfile, globals: GlobalScope, buildArgs: Readonly<Record<string, string>>) {
    this.#globals = globals;
    this.#buildArgs = buildArgs;
    this.#how = { escape: file.directives.escape, growth: globals.growth };
    for (const { declarations, line } of file.args) {
      for (const declaration of declarations) this.#declarations.set(declaration.name.text, { declaration, line });
    }
  }

  /** `earlier`: the stages it may be based on. */
  read(stage: Stage, earlier: ReadonlyMap<number, StageUses>): StageUses {
    const how = this.#how;
    const expand = (word: Word) => tryExpand(word, (name) => this.#globals.values.get(name), how);
    const base = stageNamed(this.#globals, expand(stage.from.image)?.value ?? '', stage.index);
    const inherited = base === undefined ? undefined : earlier.get(base)?.env;
    // Where that would be too much, which a build refuses, they share them.
    const shares = inherited !== undefined && !this.#globals.growth.takes(inherited.size * inheritedVariable);
    const env = shares ? inherited : new Map(inherited);
    const uses: StageUses = { args: new Map(), secrets: new Map(), ssh: new Map(), env };
    for (const word of [stage.from.image, stage.from.platform]) {
      const names = word && expand(word);
      for (const name of [...(names?.used ?? []), ...(names?.unset ?? [])]) this.#useGlobal(name, uses);
    }
    for (const instruction of stage.instructions) {
      if (instruction.kind === 'arg') {
        for (const declaration of instruction.declarations) this.#declare(declaration, instruction.line, uses);
      } else if (instruction.kind === 'env') {
        for (const { key, value } of instruction.pairs) {
          const expanded = tryExpand(value, (name) => env.get(name), how)?.value;
          if (expanded !== undefined) env.set(key.text, expanded);
        }
      } else if (instruction.kind === 'run') {
        for (const { fields } of instruction.mounts)
          noteMount(uses, new Map(fields.map(({ key, value }) => [key, value])), instruction.line);
      }
    }
    return uses;
  }

  #useGlobal(name: string, { args }: StageUses): void {
    const found = this.#declarations.get(name);
    if (found === undefined) return;
    const { declaration, line } = found;
    args.set(name, { name, value: this.#globals.values.get(name) ?? '', description: declaration.description, line });
  }

  #declare({ name: { text: name }, value, description }: ArgDeclaration, line: number, uses: StageUses): void {
    const { args, env } = uses;
    const given = ownValue(this.#buildArgs, name);
    const known = given === undefined && value === undefined ? this.#globals.values.get(name) : undefined;
    if (known !== undefined) {
      env.set(name, known);
      this.#useGlobal(name, uses);
      return;
    }
    const effective = given ?? (value && tryExpand(value, (each) => env.get(each), this.#how)?.value);
    if (effective !== undefined) env.set(name, effective);
    args.set(name, { name, value: effective ?? '', description, line });
  }
}

function noteMount({ secrets, ssh }: StageUses, fields: ReadonlyMap<string, string | undefined>, line: number): void {
  const type = fields.get('type');
  if (type !== 'secret' && type !== 'ssh') return;
  const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination') ?? '';
  const name =
    fields.get('id') ??
    (type === 'ssh' ? 'default' : (fields.get('source') ?? fields.get('src') ?? target.slice(target.lastIndexOf('/') + 1)));
  const required = fields.has('required') && !/^(?:0|f|false)$/i.test(fields.get('required') ?? 'true');
  const list = type === 'secret' ? secrets : ssh;
  const earlier = list.get(name);
  list.set(name, earlier === undefined ? { name, required, line } : { ...earlier, required: earlier.required || required });
}
