import { type HostPath, hostPath } from '../base/index.ts';
import { defaultStoreRoot } from '../store/index.ts';

/** What an engine needs to know of its surroundings, as plain data. */
export interface EngineSettings {
  readonly root: HostPath;
  /** `docker.io=http://127.0.0.1:5000`, in order. */
  readonly registryMirrors: readonly string[];
  readonly insecureRegistries: readonly string[];
  readonly runtime?: string | undefined;
  /** Never use the network for images, layers and downloads. */
  readonly offline?: boolean | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Fill in what was not said. */
export function engineSettings(
  options: {
    readonly root?: string;
    readonly registryMirrors?: readonly string[];
    readonly insecureRegistries?: readonly string[];
    readonly runtime?: string;
    readonly offline?: boolean;
  },
  env: EngineSettings['env'],
): EngineSettings {
  const listed = (name: string): string[] =>
    (env[name] ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
  return {
    root: options.root === undefined ? defaultStoreRoot(env) : hostPath(options.root),
    registryMirrors: options.registryMirrors ?? listed('SLIPWAY_REGISTRY_MIRRORS'),
    insecureRegistries: options.insecureRegistries ?? [],
    runtime: options.runtime,
    offline: options.offline ?? /^(?:1|true|yes|on)$/i.test(env['SLIPWAY_OFFLINE'] ?? ''),
    env,
  };
}
