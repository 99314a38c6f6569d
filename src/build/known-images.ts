import { SlipwayError } from '../base/index.ts';
import type { BaseImage } from '../dockerfile/index.ts';
import type { ResolvedImage } from '../frontend/index.ts';
import { formatPlatform, formatReference, type Platform, parsePlatform, parseReference } from '../oci/index.ts';

/** The images that were looked up for a build, for the rules that depend on them. */
export class KnownImages {
  readonly #platform: Platform;
  readonly #images = new Map<string, BaseImage>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** `reference` in full, as the frontend asks for it. */
  note(reference: string, platform: Platform, { config: { config, platform: own } }: ResolvedImage): void {
    const image = {
      env: config.Env ?? [],
      shell: config.Shell,
      user: config.User,
      onbuild: config.OnBuild,
      platform: formatPlatform(own),
    };
    this.#images.set(`${reference} ${formatPlatform(platform)}`, image);
  }

  /** By the name that FROM has; `undefined` when it was not looked up. */
  baseImage(name: string, platform: string): BaseImage | undefined {
    try {
      return this.#images.get(
        `${formatReference(parseReference(name))} ${formatPlatform(parsePlatform(platform, this.#platform))}`,
      );
    } catch (error) {
      if (error instanceof SlipwayError) return undefined;
      throw error;
    }
  }
}
