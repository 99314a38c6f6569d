import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RegistryServerOptions {
  /** Serve HTTPS with these PEM files instead of plain HTTP. */
  readonly tls?: {
    readonly certificate: string;
    readonly key: string /** Whose clients are let in. */;
    readonly clientCa?: string;
  };
  /** Ask for a login: lines of `user:bcrypt`. */
  readonly htpasswd?: string;
  /** An existing data directory, served read-only and left alone; default: an empty one. */
  readonly data?: string;
  /** Address to listen on; default: 127.0.0.1. */
  readonly address?: string;
}

export interface RegistryServer extends AsyncDisposable {
  /** `address:port` */
  readonly host: string;
}

/** The Debian `docker-registry` on a free port, its data in a directory of its own that goes when it is disposed of. */
export async function startRegistry(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-registry-'));
  const address = options.address ?? '127.0.0.1';
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: options.data ?? join(directory, 'data') },
      delete: { enabled: true },
      maintenance: { readonly: { enabled: options.data !== undefined } },
    },
    http: {
      addr: `${address}:0`,
      secret: 'for tests',
      ...(options.tls === undefined ? {} : { tls: tlsConfig(options.tls) }),
    },
    ...(options.htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'tests', path: join(directory, 'htpasswd') } } }),
  };
  const configPath = join(directory, 'config.yml');
  await writeFile(configPath, JSON.stringify(config)); // YAML takes JSON
  if (options.htpasswd !== undefined) await writeFile(join(directory, 'htpasswd'), options.htpasswd);
  const child = spawn('docker-registry', ['serve', configPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const dispose = async (): Promise<void> => {
    process.off('exit', kill);
    if (child.pid !== undefined && child.exitCode === null) child.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const port = await listeningPort(child.stderr, ended);
    return { host: `${address}:${port}`, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function tlsConfig({ certificate, key, clientCa }: NonNullable<RegistryServerOptions['tls']>): object {
  return { certificate, key, ...(clientCa === undefined ? {} : { clientcas: [clientCa] }) };
}

/** The server says where it listens, which is the moment it does. */
function listeningPort(stderr: NodeJS.ReadableStream, ended: Promise<void>): Promise<string> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: stderr }).on('line', (line) => {
      const port = /listening on [^"]*?:(\d+)[",]/.exec(line)?.[1];
      if (port !== undefined) resolve(port);
      if (lines.length < 20) lines.push(line);
    });
    void ended.then(() => reject(new Error(`docker-registry did not start:\n${lines.join('\n')}`)));
  });
}
