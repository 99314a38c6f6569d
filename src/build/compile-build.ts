import type { Dockerfile } from '../dockerfile/index.ts';
import type { Engine } from '../engine/index.ts';
import { type CompiledTargets, compileTargets } from '../frontend/index.ts';
import type { Platform } from '../oci/index.ts';
import type { EmitEvent } from '../solver/index.ts';
import type { BuildContexts } from './contexts.ts';
import type { Grants } from './entitlements.ts';
import { hostPlatform } from './host-platform.ts';
import type { KnownImages } from './known-images.ts';
import type { BuildOptions } from './options.ts';
import { secretReader } from './secrets.ts';
import { timeOfContext } from './source-time.ts';
import type { AgentOf } from './ssh-agents.ts';
import type { TargetPlan } from './targets.ts';
import { tellAge } from './tell-age.ts';
import { toldStep } from './told-step.ts';

/** What is known before the Dockerfile is compiled. */
export interface Prepared {
  readonly file: Dockerfile;
  readonly contexts: BuildContexts;
  readonly platform: Platform;
  readonly engine: Engine;
  readonly images: KnownImages;
  readonly grants: Grants;
  readonly sshAgent: AgentOf;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/**
 * Compile the stages that the targets need. Base images are looked up on the way, each shown as a step.
 * @throws {DockerfileError} what only a compiler finds. @throws what looking an image up throws
 */
export async function compileBuild(
  options: BuildOptions,
  { wanted, required }: TargetPlan,
  { file, contexts, platform, engine, images, grants, sshAgent, emit, signal }: Prepared,
): Promise<CompiledTargets> {
  const pull = options.pull ?? false;
  return await compileTargets(
    file,
    [...wanted, ...required],
    {
      buildArgs: options.buildArgs ?? {},
      labels: options.labels ?? {},
      targetPlatform: platform,
      buildPlatform: hostPlatform(),
      contexts: contexts.named,
      ignorePatterns: contexts.ignorePatterns,
      mainContext: contexts.main,
      network: options.network ?? 'default',
      extraHosts: options.extraHosts,
      ulimits: options.ulimits,
      shmSizeBytes: options.shmSizeBytes,
      needsEpoch: options.reproducible,
      noCache: options.noCache ?? false,
      cgroupParent: options.cgroupParent,
      entitlements: grants.rights,
    },
    {
      async resolveImage(reference, wanted, at) {
        const step = { id: `internal:metadata ${reference}`, name: `[internal] load metadata for ${reference}`, at } as const;
        return await toldStep(emit, step, async (tell) => {
          const image = await engine.images.resolve(reference, wanted, { signal, pull });
          images.note(reference, wanted, image);
          tellAge({ reference, image, offline: engine.isOffline, tell, emit });
          return image;
        });
      },
      contextTime: (name) =>
        timeOfContext(
          contexts,
          name,
          (message) => {
            // A build that has to be reproducible takes 0 then.
            if (options.reproducible !== true) emit({ kind: 'warning', message, atMs: Date.now() });
          },
          (op) => engine.committedAt(op, { secret: secretReader(options.secrets ?? {}, process.env), sshAgent, signal }),
        ),
    },
    signal,
  );
}
