import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';

const sources = join(import.meta.dirname, '../src');

/** Every folder, lowest first, and what it may import besides `base`. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  oci: [],
  native: [],
  dockerfile: [],
  layer: ['oci'],
  tar: [],
  ssh: [],
  graph: ['oci'],
  store: ['oci', 'native', 'layer'],
  registry: ['oci'],
  rootfs: ['oci', 'native', 'layer', 'tar', 'store'],
  source: ['oci', 'native', 'layer', 'tar', 'store', 'registry'],
  solver: ['oci', 'graph'],
  sandbox: ['oci', 'native', 'rootfs'],
  frontend: ['oci', 'dockerfile', 'graph'],
  ops: ['oci', 'native', 'layer', 'tar', 'graph', 'solver', 'store', 'rootfs', 'source', 'sandbox', 'ssh'],
  exporter: ['oci', 'native', 'layer', 'tar', 'store', 'registry', 'rootfs'],
  inspect: ['oci', 'layer', 'store'],
  report: ['oci', 'graph', 'solver'],
  engine: [
    'oci',
    'native',
    'dockerfile',
    'layer',
    'tar',
    'graph',
    'store',
    'registry',
    'rootfs',
    'source',
    'solver',
    'sandbox',
    'ssh',
    'frontend',
    'ops',
    'exporter',
    'inspect',
    'report',
  ],
  remote: ['oci', 'native', 'graph', 'solver', 'source'],
  build: [
    'oci',
    'native',
    'dockerfile',
    'layer',
    'tar',
    'graph',
    'store',
    'registry',
    'rootfs',
    'source',
    'solver',
    'sandbox',
    'ssh',
    'frontend',
    'ops',
    'exporter',
    'inspect',
    'report',
    'engine',
    'remote',
  ],
  cli: ['build', 'report', 'dockerfile', 'graph'],
  'index.ts': ['build', 'solver', 'oci', 'dockerfile', 'graph'],
};

/** Arrows that carry types only. */
const typesOnly: ReadonlySet<string> = new Set(['sandbox > rootfs', 'report > solver']);

/** Folders whose functions go from values to values. */
const pure: ReadonlySet<string> = new Set(['base', 'oci', 'dockerfile', 'layer', 'tar', 'graph', 'frontend']);
/** Node's modules that need no machine: the rest of them are disks, clocks, sockets and kernels. */
const pureBuiltins: ReadonlySet<string> = new Set([
  'node:crypto',
  'node:path',
  'node:util',
  'node:events',
  'node:stream',
  'node:stream/promises',
  'node:buffer',
  'node:zlib',
  'node:string_decoder',
]);
/** Globals that are the machine, or the moment. */
const impureGlobals = /^(process|fetch|setInterval|setImmediate|performance|WebSocket|EventSource)$/;
/** Of an object that is pure otherwise. */
const impureMembers: ReadonlySet<string> = new Set(['Date.now', 'Math.random', 'crypto.randomBytes', 'crypto.randomUUID']);

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

interface Module {
  readonly path: string;
  readonly folder: string;
  readonly imports: readonly Import[];
  /** Names of the machine that it uses without importing them. */
  readonly impurities: readonly string[];
}

function readModule(path: string): Module {
  const name = relative(sources, path);
  const { program, module, errors } = parseSync(path, readFileSync(path, 'utf8'));
  if (errors.length > 0) throw new Error(`${name}: ${errors[0]?.message}`);
  const imports: Import[] = module.staticImports.map((each) => ({
    from: name,
    specifier: each.moduleRequest.value,
    typeOnly: each.entries.length > 0 && each.entries.every((entry) => entry.isType),
  }));
  for (const { entries } of module.staticExports) {
    for (const entry of entries) {
      if (entry.moduleRequest !== null)
        imports.push({ from: name, specifier: entry.moduleRequest.value, typeOnly: entry.isType });
    }
  }
  const impurities: string[] = [];
  const imported = new Set(module.staticImports.flatMap((each) => each.entries.map((entry) => entry.localName.value)));
  new Visitor({
    // `import('…')`, as an expression and as a type.
    ImportExpression: ({ source }) => {
      if (source.type === 'Literal') imports.push({ from: name, specifier: String(source.value), typeOnly: false });
    },
    TSImportType: ({ source }) => void imports.push({ from: name, specifier: String(source.value), typeOnly: true }),
    MemberExpression: ({ object, property }) => {
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
      if (impureGlobals.test(object.name) && !imported.has(object.name)) impurities.push(object.name);
      if (impureMembers.has(`${object.name}.${property.name}`)) impurities.push(`${object.name}.${property.name}`);
    },
    CallExpression: ({ callee }) => {
      if (callee.type === 'Identifier' && impureGlobals.test(callee.name) && !imported.has(callee.name))
        impurities.push(callee.name);
    },
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0) impurities.push('new Date()');
    },
  }).visit(program);
  return { path: name, folder: folderOf(path), imports, impurities };
}

/** The folder of `src/` that a file lies in; `index.ts` for the one file beside them. */
function folderOf(path: string): string {
  return relative(sources, path).split('/')[0] ?? '';
}

const modules = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .sort()
  .map((path) => readModule(join(sources, path)));
/** What ships: tests and what only they use may look wherever they want. */
const shipped = modules.filter(({ path }) => !path.endsWith('.test.ts'));
const arrows = shipped.flatMap((module) =>
  module.imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map((each) => ({ ...each, folder: module.folder, target: join(dirname(join(sources, module.path)), each.specifier) })),
);

test('there are modules to look at', () => {
  expect(shipped.length).toBeGreaterThanOrEqual(50);
  expect(arrows.length).toBeGreaterThan(100);
  expect(Object.keys(mayImport)).toEqual(expect.arrayContaining([...new Set(shipped.map(({ folder }) => folder))]));
});

test('an import goes to a lower folder that the table names', () => {
  const wrong = arrows.filter(({ folder, target, typeOnly }) => {
    const to = folderOf(target);
    if (to === folder || to === 'base') return false;
    return !mayImport[folder]?.includes(to) || (typesOnly.has(`${folder} > ${to}`) && !typeOnly);
  });
  expect(wrong.map(describe)).toEqual([]);
});

/** Files that only tests use say so in their name. */
const forTests = /(^|\/)(samples|(?:fake|scratch)-[^/]+)\.ts$/;

test('another folder is imported through its index.ts', () => {
  const inside = arrows.filter(({ from, folder, target }) => {
    const to = relative(sources, target);
    if (folderOf(target) === folder || /^[^/]+\/index\.ts$/.test(to)) return false;
    return !(forTests.test(from) && forTests.test(to));
  });
  expect(inside.map(describe)).toEqual([]);
});

test('what can be reached from the library, the command and the workers is not there for tests', () => {
  const entries = shipped.map(({ path }) => path).filter((path) => /^(index|cli\/main|.*\.worker)\.ts$/.test(path));
  const reached = new Set(entries);
  // A set grows while it is walked.
  for (const path of reached) {
    for (const { from, target, typeOnly } of arrows) if (from === path && !typeOnly) reached.add(relative(sources, target));
  }
  expect(reached.size).toBeGreaterThan(50);
  expect([...reached].filter((path) => forTests.test(path))).toEqual([]);
});

test('an import names a file that is there, with its ending', () => {
  expect(arrows.filter(({ target }) => !target.endsWith('.ts') || !existsSync(target)).map(describe)).toEqual([]);
});

test('pure folders import nothing that touches the machine', () => {
  const touching = shipped
    .filter(({ folder }) => pure.has(folder))
    .flatMap(({ imports }) => imports)
    .filter(
      ({ specifier, typeOnly }) =>
        !typeOnly && !specifier.startsWith('.') && !pureBuiltins.has(specifier) && isMachine(specifier),
    );
  expect(touching.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

test('pure folders use no clock, no randomness, no process', () => {
  const touching = shipped.filter(({ folder, impurities }) => pure.has(folder) && impurities.length > 0);
  expect(touching.map(({ path, impurities }) => `${path} uses ${impurities.join(', ')}`)).toEqual([]);
});

test('every built-in module is imported with its `node:`', () => {
  const bare = modules
    .flatMap(({ imports }) => imports)
    .filter(({ specifier }) =>
      /^(fs|path|os|crypto|stream|util|events|child_process|zlib|http|https|net|url|worker_threads|assert|buffer)(\/|$)/.test(
        specifier,
      ),
    );
  expect(bare.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

function isMachine(specifier: string): boolean {
  return specifier.startsWith('node:') || specifier === 'koffi' || specifier === 'undici';
}

function describe({ from, specifier, typeOnly }: Import): string {
  return `${from} imports ${typeOnly ? 'types of ' : ''}${specifier}`;
}
