import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build, type BuildEvent, type BuildOptions, type BuildResult, SlipwayError } from '../../../src/index.ts';
import { type Image, openImage } from '../../support/oci-image.ts';
import { importBaseImages } from './base-images.ts';

/** Files of a build context: text, or something else than a plain file. */
export type Files = Readonly<Record<string, string | { readonly text?: string; readonly mode?: number; readonly link?: string }>>;

/** What a build said, whether it ended well or not. */
export interface Told {
  readonly events: readonly BuildEvent[];
  /** Instructions that were done anew, in the order they began: `RUN make`, without numbers and stage names. */
  readonly ran: readonly string[];
  /** Instructions that the cache had. */
  readonly cached: readonly string[];
  /** Everything that RUNs said. */
  readonly log: string;
}

export interface Built extends Told {
  readonly result: BuildResult;
  readonly image: Image;
  /** The text of a file of the image; undefined when there is none. */
  text(path: string): string | undefined;
  /** `file 0644 0:0`, `symlink -> target`; undefined when nothing is there. */
  node(path: string): string | undefined;
}

export interface Failed extends Told {
  readonly error: SlipwayError;
}

export type Wanted = Omit<BuildOptions, 'context' | 'dockerfile' | 'outputs'> & {
  readonly files?: Files;
  readonly context?: string;
};

/** A store with the base images, in a temporary directory that goes with it. */
export class Builder implements Disposable {
  readonly scratch: string;
  readonly engine: { readonly root: string };
  /** Diff ID of the layer that the base images have. */
  readonly baseLayer: string;
  #made = 0;

  private constructor(scratch: string, baseLayer: string) {
    this.scratch = scratch;
    this.engine = engineIn(scratch);
    this.baseLayer = baseLayer;
  }

  static async open(): Promise<Builder> {
    const scratch = mkdtempSync(join(tmpdir(), 'slipway-build-'));
    return new Builder(scratch, await importBaseImages(engineIn(scratch), scratch));
  }

  /** A new directory with these files. */
  context(files: Files = {}): string {
    const context = join(this.scratch, `context-${this.#made++}`);
    mkdirSync(context);
    for (const [name, content] of Object.entries(files)) {
      const path = join(context, name);
      mkdirSync(dirname(path), { recursive: true });
      const { text = '', mode = 0o644, link } = typeof content === 'string' ? { text: content } : content;
      if (link !== undefined) symlinkSync(link, path);
      else writeFileSync(path, text, { mode });
    }
    return context;
  }

  /** A build that has to succeed. */
  async build(dockerfile: string, wanted: Wanted = {}): Promise<Built> {
    const dest = join(this.scratch, `image-${this.#made++}`);
    const events: BuildEvent[] = [];
    const result = await build(
      this.#options(dockerfile, wanted, events, { type: 'oci', dest, tar: false, compression: 'uncompressed' }),
    );
    const image = openImage(dest);
    return {
      result,
      ...told(events),
      image,
      text: (path) => image.file(path)?.toString(),
      node: (path) => nodeText(image, path),
    };
  }

  /** A build that has to fail. */
  async fail(dockerfile: string, wanted: Wanted = {}): Promise<Failed> {
    const events: BuildEvent[] = [];
    try {
      await build(this.#options(dockerfile, wanted, events, { type: 'cacheonly' }));
    } catch (error) {
      if (error instanceof SlipwayError) return { error, ...told(events) };
      throw error;
    }
    throw new Error(`this should have failed:\n${dockerfile}`);
  }

  #options(
    dockerfile: string,
    { files, ...wanted }: Wanted,
    events: BuildEvent[],
    output: NonNullable<BuildOptions['outputs']>[number],
  ): BuildOptions {
    return {
      ...wanted,
      context: wanted.context ?? this.context(files),
      dockerfile,
      engine: wanted.engine ?? this.engine,
      outputs: [output],
      onEvent: (event) => {
        events.push(event);
        wanted.onEvent?.(event);
      },
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

function engineIn(scratch: string): { readonly root: string } {
  return { root: join(scratch, 'store') };
}

function told(events: readonly BuildEvent[]): Told {
  const cached = new Map<string, string>();
  const started = new Map<string, string>();
  for (const event of events) {
    if (event.kind === 'step-cached') cached.set(event.step, event.name);
    if (event.kind === 'step-started') started.set(event.step, event.name);
  }
  const instructions = (names: Iterable<readonly [string, string]>): string[] =>
    [...names].flatMap(([step, name]) =>
      step.startsWith('sha256:') ? (/^\[[^\]]*\d+\/\d+\] (?!FROM |LINK )(.*)$/s.exec(name)?.[1] ?? []) : [],
    );
  return {
    events,
    ran: instructions([...started].filter(([step]) => !cached.has(step))),
    cached: instructions(cached),
    log: events.map((event) => (event.kind === 'step-log' ? Buffer.from(event.data).toString() : '')).join(''),
  };
}

function nodeText(image: Image, path: string): string | undefined {
  const node = image.tree().get(path.replace(/^\//, ''));
  if (node === undefined) return undefined;
  if (node.type === 'symlink') return `symlink -> ${node.content}`;
  return `${node.type} ${node.mode} ${node.owner}${node.sameAs === '' ? '' : ` = ${node.sameAs}`}`;
}
