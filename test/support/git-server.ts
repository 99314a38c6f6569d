import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

// A real git server for tests: `git http-backend` behind Node's HTTP server.

/** Nothing of the user's settings; the same commits on every machine. */
const environment = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_AUTHOR_DATE: '2020-01-02T03:04:05Z',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
  GIT_COMMITTER_DATE: '2020-01-02T03:04:05Z',
};
/** Of every commit. */
export const commitSec: number = Date.parse(environment.GIT_COMMITTER_DATE) / 1000;

export interface TestRepository {
  readonly path: string;
  git(...args: readonly string[]): string;
  /** `git`, with `input` on standard input. */
  gitWith(input: string, ...args: readonly string[]): string;
  write(files: Readonly<Record<string, string>>): void;
  /** Commit everything. @returns the commit */
  commit(message: string): string;
}

export function makeRepository(path: string, ...init: readonly string[]): TestRepository {
  mkdirSync(path, { recursive: true });
  const gitWith = (input: string, ...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: path, env: environment, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], input }).trim();
  const git = (...args: readonly string[]): string => gitWith('', ...args);
  git('init', '--quiet', '--initial-branch=main', ...init);
  return {
    path,
    git,
    gitWith,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    commit(message) {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', message);
      return git('rev-parse', 'HEAD');
    },
  };
}

export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`; a repository `folder/x` below the root is there as `/x/.git`. */
  readonly url: string;
  readonly port: number;
  /** `METHOD /path?query` of each request. */
  readonly seen: string[];
}

export interface GitServerOptions {
  /** Speak the first version of the protocol alone. */
  readonly isOld?: boolean;
  /** The `Authorization` header that is asked for. */
  readonly authorization?: string;
}

/** Serve the repositories below `root`. */
export async function startGitServer(root: string, options: GitServerOptions = {}): Promise<GitServer> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"', 'content-length': 0 });
      response.end();
      return;
    }
    backend(root, request, response, options);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function backend(root: string, request: IncomingMessage, response: ServerResponse, { isOld = false }: GitServerOptions): void {
  const url = new URL(request.url ?? '/', 'http://x');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...environment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: isOld ? '' : String(request.headers['git-protocol'] ?? ''),
      // The repositories may belong to another user than the one who runs the tests.
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
    },
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  child.stderr.resume();
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.once('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = Object.fromEntries(
      all
        .subarray(0, Math.max(0, end))
        .toString('latin1')
        .split('\r\n')
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const { status = end < 0 ? '500' : '200', ...rest } = headers;
    response.writeHead(Number.parseInt(status, 10), rest);
    response.end(all.subarray(end + 4));
  });
}
