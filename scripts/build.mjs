// Bundles src/ into dist/: the library, the command, and one file for each worker. `--no-types` leaves the declarations out.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

const esbuild = await import('esbuild').catch(() => undefined);
if (esbuild === undefined) {
  // `npm ci --omit=dev` runs this too, and has no tools to build with.
  if (existsSync('dist/cli.js')) process.exit(0);
  console.error('build: esbuild is not installed: run `npm ci` without `--omit=dev`');
  process.exit(1);
}

// No module of ours does anything when it is loaded, so an import of which nothing is used may go: fewer files at start.
const pureModules = {
  name: 'pure-modules',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir, importer }) =>
      importer.includes('node_modules') ? undefined : { path: join(resolveDir, path), sideEffects: false },
    );
  },
};

const workers = readdirSync('src', { recursive: true })
  .filter((path) => path.endsWith('.worker.ts'))
  .map((path) => ({ in: join('src', path), out: basename(path, '.ts') }));
const doubles = workers.filter((worker, index) => workers.findIndex((other) => other.out === worker.out) !== index);
if (doubles.length > 0) {
  console.error(`build: two workers share the name ${doubles[0].out}.ts`);
  process.exit(1);
}

const withTypes = !process.argv.includes('--no-types');
const startedAt = performance.now();
const [types] = await Promise.all([withTypes ? declarations() : 0, bundle()]).catch(() => process.exit(1));
console.error(
  `build: ${workers.length + 2} entries in ${Math.round(performance.now() - startedAt)} ms${withTypes ? '' : ', no types'}`,
);
process.exit(types);

async function bundle() {
  const { metafile } = await esbuild.build({
    entryPoints: [{ in: 'src/index.ts', out: 'index' }, { in: 'src/cli/main.ts', out: 'cli' }, ...workers],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Everything lies flat in dist/, so that `new URL('./x.worker.js', import.meta.url)` holds in every chunk.
    chunkNames: '[name]-[hash]',
    external: ['koffi', 'undici'],
    plugins: [pureModules],
    define: { SLIPWAY_VERSION: JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')).version) },
    // Compiling what is loaded is most of a cached build's start: half the bytes save 4 ms of 50. The maps cost nothing until asked for.
    minify: true,
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  // Only now, so that a command that runs meanwhile finds its chunks.
  const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of readdirSync('dist')) {
    if (/\.js(?:\.map)?$/.test(name) && !written.has(name)) rmSync(join('dist', name));
  }
}

/** @returns {Promise<number>} the compiler's exit code */
function declarations() {
  return new Promise((resolve, reject) => {
    const tsc = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
    tsc.on('error', reject);
    tsc.on('close', (code) => resolve(code ?? 1));
  });
}
