import { type Digest, formatPlatform } from '../oci/index.ts';
import { topological } from './builder.ts';
import type { ChownOpt, Edge, FileAction, Graph, Mount, Op, Owner, Vertex } from './op.ts';

/**
 * A graph for people: its vertices in definition order, numbered, each with what differs from the usual. For golden
 * files and `explain`; two graphs that print alike may still differ in a digest.
 */
export function printGraph(graph: Graph, result: Edge | undefined, names: ReadonlyMap<Digest, string> = new Map()): string {
  if (result === undefined) return 'result scratch\n';
  const order = topological(graph, result);
  const numbers = new Map(order.map(({ digest }, number) => [digest, number]));
  const edge = ({ vertex, output }: Edge): string => `#${numbers.get(vertex) ?? '?'}${output === 0 ? '' : `.${output}`}`;
  const blocks = order.map((vertex, number) => printVertex(vertex, number, edge, names.get(vertex.digest)));
  return `${blocks.join('\n')}\nresult ${edge(result)}\n`;
}

function printVertex(vertex: Vertex, number: number, edge: (edge: Edge) => string, name: string | undefined): string {
  const { op, inputs, platform } = vertex;
  const input = (index: number): string => {
    const found = inputs[index];
    return index < 0 ? 'scratch' : found ? edge(found) : `step ${index - inputs.length}`;
  };
  const head = `#${number} ${op.kind}${platform ? ` ${formatPlatform(platform)}` : ''}${name === undefined ? '' : `  ${name}`}`;
  return [head, ...printOp(op, input).map((line) => `  ${line}`), ''].join('\n');
}

type PrintInput = (index: number) => string;

function printOp(op: Op, input: PrintInput): string[] {
  switch (op.kind) {
    case 'source':
      return [op.identifier, ...Object.entries(op.attrs).map(([key, value]) => `${key}=${value}`)];
    case 'exec':
      return [
        `args ${JSON.stringify(op.args)}`,
        `env ${JSON.stringify(op.env)}`,
        `cwd ${op.cwd}${op.user === '' ? '' : ` user ${op.user}`}${op.network === 'default' ? '' : ` network ${op.network}`}`,
        ...(op.insecure ? ['security insecure'] : []),
        ...op.devices.map(({ name, optional }) => `device ${name}${optional ? '' : ' required'}`),
        ...(op.cgroupParent === '' ? [] : [`cgroup parent ${op.cgroupParent}`]),
        ...(op.hostname === '' ? [] : [`hostname ${op.hostname}`]),
        ...Object.entries(op.proxyEnv).map(([key, value]) => `proxy ${key}=${value}`),
        ...op.secretEnv.map(({ id, name, optional }) => `secret env ${name} from ${id}${optional ? '' : ' required'}`),
        ...op.mounts.map((mount) => printMount(mount, input)),
      ];
    case 'file':
      return op.actions.map((action) => printAction(action, input));
    case 'merge':
      return [`merge ${op.inputs.map(input).join(' ')}`];
    case 'diff':
      return [`lower ${input(op.lower)} upper ${input(op.upper)}`];
  }
}

function printMount(mount: Mount, input: PrintInput): string {
  const head = `mount ${mount.dest} ${mount.type}${mount.readonly ? ' ro' : ''}`;
  const selector = (path: string): string => (path === '' ? '' : `:${path}`);
  switch (mount.type) {
    case 'bind':
      return `${head} ${input(mount.input)}${selector(mount.selector)}${mount.output < 0 ? '' : ` -> ${mount.output}`}`;
    case 'cache':
      return `${head} ${input(mount.input)}${selector(mount.selector)} id=${mount.id} ${mount.sharing}`;
    case 'tmpfs':
      return `${head}${mount.sizeBytes === 0 ? '' : ` size=${mount.sizeBytes}`}`;
    case 'secret':
    case 'ssh':
      return `${head} id=${mount.id} ${mount.uid}:${mount.gid} ${octal(mount.mode)}${mount.optional ? '' : ' required'}`;
  }
}

function printAction(action: FileAction, input: PrintInput): string {
  const from = action.secondaryInput < 0 ? '' : ` ${input(action.secondaryInput)}`;
  return `${input(action.input)} ${action.action}${from} ${printBody(action)}${action.output < 0 ? '' : ` -> ${action.output}`}`;
}

function printBody(action: FileAction): string {
  switch (action.action) {
    case 'copy':
      return [
        `${JSON.stringify(action.src)} ${JSON.stringify(action.dest)}`,
        ...(action.mode < 0 ? [] : [`mode=${octal(action.mode)}`]),
        ...(action.modeStr === '' ? [] : [`mode=${action.modeStr}`]),
        ...printOwner(action.owner),
        ...(action.unpackArchives ? ['unpack'] : []),
        ...(action.includePatterns.length === 0 ? [] : [`include=${JSON.stringify(action.includePatterns)}`]),
        ...(action.excludePatterns.length === 0 ? [] : [`exclude=${JSON.stringify(action.excludePatterns)}`]),
        ...(action.requiredPaths.length === 0 ? [] : [`required=${JSON.stringify(action.requiredPaths)}`]),
      ].join(' ');
    case 'mkfile':
      return [
        `${action.path} mode=${octal(action.mode)}`,
        ...printOwner(action.owner),
        JSON.stringify(new TextDecoder().decode(action.data)),
      ].join(' ');
    case 'mkdir':
      return [
        `${action.path} mode=${octal(action.mode)}`,
        ...(action.makeParents ? ['parents'] : []),
        ...printOwner(action.owner),
      ].join(' ');
    case 'rm':
      return action.path;
    case 'symlink':
      return `${action.newpath} to ${action.oldpath}`;
  }
}

function printOwner(owner: ChownOpt | undefined): string[] {
  const part = (one: Owner | undefined): string =>
    one === undefined ? '' : one.kind === 'id' ? String(one.id) : `${one.name}@${one.input}`;
  return owner === undefined ? [] : [`owner=${part(owner.user)}:${part(owner.group)}`];
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
