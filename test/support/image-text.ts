import { createHash } from 'node:crypto';
import type { Image } from './oci-image.ts';
import type { TarEntry } from './read-tar.ts';

/**
 * What a build added to its base, as lines that can be read and compared: config, history, and each entry of each layer.
 * A time is shown only where the context set it: `contextTime`.
 *
 * @param bases diff IDs of the layers that base images have
 */
export function imageText(image: Image, bases: ReadonlySet<string>): string {
  const { config, history } = image.config;
  const lines = ['config'];
  for (const [name, value] of Object.entries(config ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
    lines.push(`  ${name} ${JSON.stringify(value)}`);
  for (const name of ['author', 'variant'])
    if (image.config[name] !== undefined) lines.push(`  ${name} ${JSON.stringify(image.config[name])}`);
  lines.push('history');
  for (const { created_by: text = '', empty_layer: isEmpty = false } of history ?? [])
    lines.push(`  ${isEmpty ? '-' : '+'} ${historyText(text)}`);
  for (const [index, diffId] of image.config.rootfs.diff_ids.entries()) {
    if (bases.has(diffId)) continue;
    lines.push('layer');
    for (const entry of image.layer(index)) lines.push(`  ${entryText(entry)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The time that contexts of recorded builds have: 13 September 2020. */
export const contextTime = 1_600_000_000;

/** BuildKit prints the health check as Go prints a struct, each version in its own way. */
function historyText(text: string): string {
  return text.startsWith('HEALTHCHECK') ? 'HEALTHCHECK …' : text.replaceAll('\n', '\\n');
}

function entryText(entry: TarEntry): string {
  const { type, mode, uid, gid, path, mtimeSec, xattrs } = entry;
  const words = [type, mode.toString(8).padStart(4, '0'), `${uid}:${gid}`, nameText(path)];
  // A symlink's mode means nothing, and writers disagree about it.
  if (type === 'symlink') words[1] = '----';
  if (type === 'symlink' || type === 'hardlink') words.push(`-> ${nameText(entry.linkName)}`);
  if (type === 'char' || type === 'block') words.push(entry.device);
  if (type === 'file') words.push(contentText(entry.data));
  if (Object.keys(xattrs).length > 0) words.push(JSON.stringify(xattrs));
  if (mtimeSec === contextTime) words.push('@context');
  return words.join(' ');
}

function nameText(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : JSON.stringify(name);
}

function contentText(data: Uint8Array): string {
  const text = Buffer.from(data).toString();
  if (data.length <= 2000 && !/[^\n\t\r\x20-\x7e\u{a0}-\u{fffc}]/u.test(text)) return JSON.stringify(text);
  return `${data.length} bytes, sha256 ${createHash('sha256').update(data).digest('hex').slice(0, 16)}`;
}
