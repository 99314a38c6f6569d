import { familiarReference, parseReference } from '../oci/index.ts';
import type { CacheEntry } from './inventory.ts';

/** What a step did, in a few words, from the parts of its key: `RUN make`, `COPY src dest`. */
export function describeStep({ parts }: Pick<CacheEntry, 'parts'>): string {
  const value = (name: string): string | undefined => parts.find((part) => part.name === name)?.value;
  const command = value('command');
  if (command !== undefined) return `RUN ${wordsOf(command)}`;
  const action = value('action 0');
  if (action !== undefined) return describeAction(action);
  return value('kind') ?? 'step';
}

function wordsOf(command: string): string {
  const words = parsed(command);
  if (!Array.isArray(words)) return command;
  const [shell, flag, ...rest] = words.map(String);
  const shown = shell === '/bin/sh' && flag === '-c' ? rest : words;
  return shown.join(' ').replace(/\s+/g, ' ').trim();
}

function describeAction(action: string): string {
  const { action: kind, src, dest, path } = (parsed(action) ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === 'copy') return `COPY ${String(src)} ${String(dest)}`;
  return [kind, path].filter((word) => typeof word === 'string').join(' ') || 'file';
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // another version wrote it
  }
}

/** The name as people write it. */
export function shortName(name: string): string {
  try {
    return familiarReference(parseReference(name));
  } catch {
    return name;
  }
}
