import { SlipwayError } from '../base/index.ts';
import type { RunConfig } from '../oci/index.ts';
import type { RunImageOptions } from './image-options.ts';

/** What to run: an entrypoint that is given takes the image's CMD away, as in `docker run`. @throws {SlipwayError} `BUILD_NO_COMMAND` */
export function commandOf(
  config: RunConfig,
  options: Pick<RunImageOptions, 'image' | 'entrypoint' | 'command'>,
): readonly string[] {
  const entrypoint = options.entrypoint ?? config.Entrypoint ?? [];
  const given = options.command ?? [];
  const command = given.length > 0 ? given : options.entrypoint === undefined ? (config.Cmd ?? []) : [];
  const args = [...entrypoint, ...command];
  if (args.length > 0) return args;
  throw new SlipwayError('BUILD_NO_COMMAND', `\`${options.image}\` says no command to run`, {
    hint: 'name one after the image, or give the image a CMD or ENTRYPOINT',
  });
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The image's environment with what was `added`: `NAME=value` sets, a lone `NAME` takes away. There is always a PATH. */
export function environmentOf(image: readonly string[], added: readonly string[]): readonly string[] {
  const values = new Map<string, string>();
  for (const item of [defaultPath, ...image, ...added]) {
    const end = item.indexOf('=');
    if (end < 0) values.delete(item);
    else values.set(item.slice(0, end), item);
  }
  return [...values.values()];
}

export interface Volume {
  readonly source: string;
  readonly destination: string;
  readonly mode: 'ro' | 'rw';
}

/** Read `host-path:container-path[:ro]`. @throws {SlipwayError} `BUILD_BAD_VOLUME` */
export function parseVolume(text: string): Volume {
  const bad = (hint: string): SlipwayError => new SlipwayError('BUILD_BAD_VOLUME', `\`${text}\` is not a volume`, { hint });
  const [source = '', destination = '', mode = 'rw', ...rest] = text.split(':');
  if (source === '' || rest.length > 0 || (mode !== 'ro' && mode !== 'rw') || !/^\/+[^/]/.test(destination)) {
    throw bad('write it as /host/path:/path/in/the/container[:ro]');
  }
  // `docker run` makes a volume of that name in its own store.
  if (!/^[./]/.test(source))
    throw bad(`volumes with a name are not supported; for the directory write ./${source}:${destination}`);
  return { source, destination, mode };
}
