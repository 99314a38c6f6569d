// Bundles src/ into dist/: the library, the command, and one file for each worker. `--no-types` leaves the declarations out.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

const esbuild = await import('esbuild').catch(() => undefined);
if (esbuild === undefined) {
  // `npm ci --omit=dev` runs this too, and has no tools to build with.
  if (existsSync('dist/cli.cjs')) process.exit(0);
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
const [types] = await Promise.all([withTypes ? declarations() : 0, bundle()]).catch((error) => {
  if (error.errors === undefined) console.error(error); // esbuild shows its own
  process.exit(1);
});
console.error(
  `build: ${workers.length + 2} entries in ${Math.round(performance.now() - startedAt)} ms${withTypes ? '' : ', no types'}`,
);
process.exit(types);

async function bundle() {
  const common = {
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: ['koffi', 'undici', 'yaml'],
    plugins: [pureModules],
    // Compiling what is loaded is most of a cached build's start: half the bytes save 4 ms of 50. The maps cost nothing until asked for.
    minify: true,
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  };
  const define = { SLIPWAY_VERSION: JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')).version) };
  const [library, command] = await Promise.all([
    esbuild.build({
      ...common,
      define,
      entryPoints: [{ in: 'src/index.ts', out: 'index' }, ...workers],
      outdir: 'dist',
      splitting: true,
      format: 'esm',
      // Everything lies flat in dist/, so that `new URL('./x.worker.js', import.meta.url)` holds in every chunk.
      chunkNames: '[name]-[hash]',
    }),
    esbuild.build({
      ...common,
      define: { ...define, 'import.meta.url': 'slipwayUrl' },
      entryPoints: ['src/cli/main.ts'],
      outfile: 'dist/command.cjs',
      format: 'cjs',
      // Code that was compiled before knows no importer of modules: what is not in the bundle is required.
      supported: { 'dynamic-import': false },
      write: false,
    }),
  ]);
  // Only when all is there does anything name it, so that a command that starts meanwhile finds its files.
  const name = writeCommand(command.outputFiles);
  const written = new Set(Object.keys(library.metafile.outputs).map((path) => basename(path)));
  for (const file of readdirSync('dist')) {
    const isOld = /\.js(?:\.map)?$/.test(file) ? !written.has(file) : file.startsWith('command') && !file.startsWith(name);
    if (isOld) rmSync(join('dist', file));
  }
}

/** @returns {string} what the files of the bundled command begin with */
function writeCommand(files) {
  const { text } = files.find(({ path }) => path.endsWith('.cjs'));
  const source = `(function(require,__filename,__dirname){const slipwayUrl=require("node:url").pathToFileURL(__filename).href;${text}})`;
  const name = `command-${createHash('sha256').update(source).digest('hex').slice(0, 8)}`;
  writeFileSync(`dist/${name}.cjs`, source.replace('//# sourceMappingURL=command.', `//# sourceMappingURL=${name}.`));
  writeFileSync(`dist/${name}.cjs.map`, files.find(({ path }) => path.endsWith('.map')).text);
  writeFileSync('dist/cli.cjs', readFileSync('scripts/start.cjs', 'utf8').replaceAll('BUNDLE', name));
  try {
    execFileSync(process.execPath, ['scripts/code-cache.cjs'], { stdio: ['ignore', 'inherit', 'pipe'] });
  } catch (error) {
    // It works without, but starts slower; on systems other than Linux there are no builds to run.
    console.error(`build: the compiled code was not kept: ${error.stderr}`);
  }
  return name;
}

/** @returns {Promise<number>} the compiler's exit code */
function declarations() {
  return new Promise((resolve, reject) => {
    const tsc = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
    tsc.on('error', reject);
    tsc.on('close', (code) => resolve(code ?? 1));
  });
}
