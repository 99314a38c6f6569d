import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readTar, type TarEntry } from './read-tar.ts';
import type { BuildEvent } from '../../src/solver/index.ts';
import { build } from '../../src/build/build.ts';
import type { BuildOptions } from '../../src/build/options.ts';

// Builds for tests: a store that is gone afterwards, and the result as a list of files.

export interface ScratchBuilds extends Disposable {
  readonly folder: string;
  /** Put files into a new folder. */
  write(files: Readonly<Record<string, string | Uint8Array>>): string;
  /** Build; the files of the result by path, and what the events say. */
  build(options: BuildOptions): Promise<Built>;
}

export interface Built {
  readonly files: ReadonlyMap<string, TarEntry>;
  readonly events: readonly BuildEvent[];
  readonly ran: number;
}

export function scratchBuilds(): ScratchBuilds {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  const root = join(folder, 'store');
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  return {
    folder,
    write(files) {
      const path = mkdtempSync(join(folder, 'files-'));
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), content);
      }
      return path;
    },
    async build(options) {
      const dest = join(mkdtempSync(join(folder, 'out-')), 'out.tar');
      const events: BuildEvent[] = [];
      const result = await build({
        context: empty,
        ...options,
        outputs: [{ type: 'tar', dest }],
        engine: { ...options.engine, root },
        onEvent: (event) => events.push(event),
      });
      return {
        files: new Map([...readTar(readFileSync(dest))].map((entry) => [entry.path, entry])),
        events,
        ran: result.steps.ran,
      };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `mode uid:gid mtime content` of a file. */
export function statOf({ files }: Built, path: string): string {
  const entry = files.get(path);
  if (entry === undefined) return `no ${path}: ${[...files.keys()].join(' ')}`;
  return `${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${entry.mtimeSec} ${Buffer.from(entry.data).toString('utf8')}`;
}
