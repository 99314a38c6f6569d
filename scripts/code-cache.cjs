// Runs a build with nothing to do, and keeps the code that V8 compiled for it: at the next start it is read instead of compiled.
'use strict';
const { spawnSync } = require('node:child_process');
const { mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const cli = join(__dirname, '../dist/cli.cjs');
const [argument] = process.argv.slice(2);

if (argument === undefined) buildTwice();
else {
  process.on('exit', () => {
    const { script, cache } = require(cli);
    writeFileSync(`${cache}.${process.pid}`, script.createCachedData());
    renameSync(`${cache}.${process.pid}`, cache);
  });
  require(cli);
}

function buildTwice() {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-code-'));
  try {
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch AS one\nCOPY Dockerfile /\nFROM scratch\nCOPY --from=one / /\n');
    const env = { ...process.env, SLIPWAY_ROOT: join(folder, 'store'), XDG_CONFIG_HOME: folder, DOCKER_CONFIG: folder };
    for (const program of [cli, __filename]) {
      const args = [program, 'build', '--progress=plain', '-t', 'code-cache', folder];
      const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}:\n${stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
