import { SlipwayError } from '../../base/index.ts';
import type { GitRequest } from './git-source.ts';
import type { GitFailure } from './run-git.ts';

/** A remote for people: without user and password, but for the `git` of ssh. */
export function publicRemote(remote: string): string {
  return remote.replace(/^(https?|git):\/\/[^/@]*@/, '$1://').replace(/^(ssh:\/\/[^/@:]*):[^/@]*@/, '$1@');
}

const shownLines = 6;
const shownCharacters = 2000;

/** git's own words, without secrets, and what would help. */
export function explainGit(failure: GitFailure, { remote, authorization }: GitRequest): SlipwayError {
  const words = lastWords(failure.stderr, [remote, authorization ?? ''], publicRemote(remote));
  return new SlipwayError('SOURCE_GIT_FAILED', `failed to fetch remote ${publicRemote(remote)}: ${words}`, {
    class: 'registry',
    hint: hintFor(failure.stderr),
  });
}

function lastWords(stderr: string, secrets: readonly string[], shown: string): string {
  let text = stderr;
  for (const secret of secrets) if (secret.length > 3) text = text.replaceAll(secret, secret.includes('://') ? shown : '***');
  const lines = text
    .replace(/:\/\/[^\s/@]*@/g, '://')
    // oxlint-disable-next-line no-control-regex -- terminal escapes are the point
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('hint:') && !line.startsWith('Warning: Permanently added'));
  return lines.slice(-shownLines).join('; ').slice(0, shownCharacters) || 'git failed without a word';
}

function hintFor(stderr: string): string | undefined {
  if (/could not read (?:Username|Password)|Authentication failed|HTTP (?:Basic: )?.*(?:401|403)|error: 40[13]/i.test(stderr))
    return 'the server wants to know who asks: pass `--secret id=GIT_AUTH_TOKEN,env=…`, or check the one that you pass';
  if (/Permission denied \(|no such identity|agent/i.test(stderr)) return 'pass an agent that holds the key: `--ssh default`';
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION/i.test(stderr))
    return 'the server shows another key than before; if that is right, remove the old one from known_hosts';
  if (/Could not resolve host|Failed to connect|Connection refused|Network is unreachable|timed out/i.test(stderr))
    return 'check the host name, the network and the proxy settings';
  if (/transport '\w+' not allowed/i.test(stderr))
    return 'a submodule may come over http, https, ssh or git only; leave submodules out with `?submodules=false`';
  if (/not found|does not exist|does not appear to be a git repository/i.test(stderr)) return 'check the URL of the repository';
  return undefined;
}
