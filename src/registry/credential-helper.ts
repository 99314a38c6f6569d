import { isNotFound } from '../base/index.ts';
import type { Credentials } from './credentials.ts';
import { serverText } from './server-text.ts';

export interface HelperResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run `program get` with `input` on its standard input. Rejects when it can't be started or takes too long. */
export type RunHelper = (program: string, input: string) => Promise<HelperResult>;

const timeoutMs = 30_000;
const maxOutputBytes = 1024 * 1024;

/**
 * Ask `docker-credential-<name>` about `serverUrl`. Never throws: a helper that fails must not stop the pull of a public image;
 * its reason is told when access is denied. `undefined`: it knows nothing of this host.
 */
export async function askHelper(run: RunHelper, name: string, serverUrl: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const failed = (why: string): Credentials => ({
    kind: 'none',
    why: `the credential helper \`${program}\` failed: ${serverText(why)}`,
  });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return failed('its name is not one of a program');
  let result: HelperResult;
  try {
    result = await run(program, serverUrl);
  } catch (thrown) {
    return failed(isNotFound(thrown) ? 'it is not installed' : (thrown as Error).message);
  }
  if (result.code !== 0) {
    // By the helpers' protocol the error goes to standard output.
    const said = `${result.stdout}\n${result.stderr}`.trim();
    return said.includes('credentials not found in native keychain')
      ? undefined
      : failed(said === '' ? `exit code ${result.code}` : said);
  }
  return readAnswer(result.stdout) ?? failed('its answer is not what the protocol wants');
}

function readAnswer(stdout: string): Credentials | undefined {
  try {
    const { Username: username, Secret: secret } = JSON.parse(stdout) as Record<string, unknown>;
    if (typeof username !== 'string' || typeof secret !== 'string') return undefined;
    return username === '<token>' ? { kind: 'identity-token', token: secret } : { kind: 'basic', username, password: secret };
  } catch {
    return undefined; // the parser's words would quote the secret
  }
}

export const runCredentialHelper: RunHelper = async (program, input) => {
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
    const output = { stdout: '', stderr: '' };
    const collect = (stream: 'stdout' | 'stderr'): void => {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (output[stream].length < maxOutputBytes) output[stream] += text;
      });
    };
    collect('stdout');
    collect('stderr');
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      if (code === null)
        reject(new Error(killedBy === 'SIGKILL' ? `no answer within ${timeoutMs / 1000} s` : `killed by ${killedBy}`));
      else resolve({ code, ...output });
    });
    child.stdin.on('error', () => undefined); // a helper may answer without reading
    child.stdin.end(input);
  });
};
