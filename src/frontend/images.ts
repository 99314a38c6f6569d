import { nearest, SlipwayError, type SourceSpan, toSlipwayError } from '../base/index.ts';
import { formatPlatform, type Platform } from '../oci/index.ts';
import type { FrontendPorts, NamedContext, ResolvedImage } from './options.ts';
import type { Origin } from './origins.ts';
import type { Report } from './plan.ts';

type ImageOrigin = Extract<Origin, { kind: 'image' | 'context' }>;

interface Request {
  readonly at: SourceSpan;
  readonly load: () => Promise<ResolvedImage>;
  readonly explain: (error: SlipwayError) => SlipwayError;
}

/** The images that stages ask for: each is looked up once, all that are waiting at once. */
export class Images {
  readonly #ports: FrontendPorts;
  readonly #stageNames: readonly string[];
  readonly #suggestions: readonly string[];
  readonly #report: Report;
  readonly #waiting = new Map<string, Request>();
  readonly #resolved = new Map<string, ResolvedImage>();

  /** `stageNames`: what a name that is no image may have meant. */
  constructor(ports: FrontendPorts, stageNames: readonly string[], report: Report) {
    this.#ports = ports;
    this.#report = report;
    this.#stageNames = stageNames;
    this.#suggestions = [...stageNames, 'alpine', 'busybox', 'centos', 'debian', 'fedora', 'golang', 'node', 'python', 'ubuntu'];
  }

  /** Note that `origin` is needed. Local contexts and what is noted already need nothing. */
  want(origin: Origin, platform: Platform, at: SourceSpan): void {
    if (origin.kind !== 'image' && origin.kind !== 'context') return;
    const key = keyOf(origin, platform);
    if (this.#waiting.has(key) || this.#resolved.has(key)) return;
    if (origin.kind === 'context') {
      const { context } = origin;
      if (context.kind === 'image')
        this.#waiting.set(key, { at, load: async () => loadContext(context), explain: (error) => error });
    } else {
      const load = async (): Promise<ResolvedImage> => this.#ports.resolveImage(origin.reference, platform, at);
      this.#waiting.set(key, { at, load, explain: (error) => this.#explain(error, origin) });
    }
  }

  /**
   * Look up all that is waiting; every look-up is awaited before a failure leaves.
   * @returns whether there was any.
   */
  async resolve(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const outcomes = await Promise.allSettled(waiting.map(([, request]) => request.load()));
    signal.throwIfAborted();
    outcomes.forEach((outcome, i) => {
      const [key, request] = waiting[i] as (typeof waiting)[number];
      if (outcome.status === 'fulfilled') this.#resolved.set(key, outcome.value);
      else {
        const error = request.explain(toSlipwayError(outcome.reason));
        error.at ??= request.at;
        if (error.class === 'cancelled') throw error;
        this.#report(error);
      }
    });
    return waiting.length > 0;
  }

  /** What was looked up for `origin`; `undefined` for what is no image. */
  get(origin: Origin, platform: Platform): ResolvedImage | undefined {
    return origin.kind === 'image' || origin.kind === 'context' ? this.#resolved.get(keyOf(origin, platform)) : undefined;
  }

  #explain(error: SlipwayError, { reference, written }: Extract<Origin, { kind: 'image' }>): SlipwayError {
    if (error.class === 'cancelled') return error;
    const meant = nearest(written, this.#suggestions);
    const hint = this.#stageNames.includes(written)
      ? `the stage \`${written}\` is defined further down; FROM knows only the stages above it`
      : meant === undefined || meant === written
        ? error.hint
        : `did you mean \`${meant}\`?`;
    const message = `${written}: failed to resolve source metadata for ${reference}: ${error.message}`;
    return new SlipwayError(error.code, message, { class: error.class, at: error.at, hint, cause: error });
  }
}

function keyOf(origin: ImageOrigin, platform: Platform): string {
  return origin.kind === 'image'
    ? `${origin.reference} ${formatPlatform(platform)}`
    : `context:${origin.name.toLowerCase()} ${formatPlatform(platform)}`;
}

async function loadContext({ image }: Extract<NamedContext, { kind: 'image' }>): Promise<ResolvedImage> {
  return typeof image === 'function' ? image() : image;
}
