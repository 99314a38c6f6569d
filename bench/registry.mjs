// A docker-registry on the loopback address that serves the stand-in base images, so that all builders start from the same bytes.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function startRegistry() {
  const data = execFileSync('bash', [join(import.meta.dirname, '../scripts/standin-registry.sh')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-registry-'));
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data.toString().trim() }, maintenance: { readonly: { enabled: true } } },
    http: { addr: '127.0.0.1:0' },
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  let said = '';
  const port = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error(`docker-registry did not start:\n${said}`)));
    child.stderr.on('data', (part) => {
      said = `${said}${part}`.slice(-20_000);
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(said);
      if (found !== null) resolve(found[1]);
    });
  });
  return { host: `127.0.0.1:${port}`, stop };
}
