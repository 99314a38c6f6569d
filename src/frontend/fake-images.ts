import { SlipwayError } from '../base/index.ts';
import { digestOf, formatPlatform, type HistoryEntry, type ImageConfig, type Platform, type RunConfig } from '../oci/index.ts';
import type { FrontendPorts, ResolvedImage } from './options.ts';

const path = 'PATH=/usr/local/bin:/usr/bin:/bin';

/** A registry of a few images, for tests. They exist for every platform, but those with `only`. */
const configs: Readonly<Record<string, RunConfig & { readonly only?: Platform }>> = {
  'docker.io/library/alpine:3.20': { Env: [path], Cmd: ['/bin/sh'] },
  'docker.io/library/busybox:latest': { Cmd: ['sh'] },
  'docker.io/library/busybox:1': { Cmd: ['sh'], Env: [path, 'BUSY=1'] },
  'docker.io/library/golang:1.22': { Env: [path, 'GOPATH=/go'], WorkingDir: '/go' },
  'docker.io/library/amd64only:latest': { only: { os: 'linux', architecture: 'amd64' } },
  'docker.io/library/node:20': {
    User: 'node',
    Env: [path, 'NODE_VERSION=20'],
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['node'],
    WorkingDir: '/home/node/',
    Labels: { vendor: 'node' },
    ExposedPorts: { '3000/tcp': {} },
  },
  'docker.io/library/onbuild:1': {
    Env: [path],
    OnBuild: ['ARG NAME=x', 'COPY . /app', 'RUN build $NAME', 'COPY --from=busybox /bin/sh /sh'],
  },
  'docker.io/library/runtrigger:1': { OnBuild: ['RUN triggered'] },
  'docker.io/library/helpertrigger:1': { OnBuild: ['COPY --from=helper /x /x'] },
  'docker.io/library/badtrigger:1': { OnBuild: ['RUN --nonsense x'] },
  'docker.io/library/emptytrigger:1': { OnBuild: ['COPY $missing/a ${also:?missing} /x'] },
};

export interface FakeImages extends FrontendPorts {
  /** What was asked for, in order. */
  readonly asked: readonly string[];
  /** The image as the port returns it. */
  image(reference: string, platform: Platform): ResolvedImage;
}

export function createFakeImages(): FakeImages {
  const asked: string[] = [];
  const image = (reference: string, platform: Platform): ResolvedImage => {
    const [name = ''] = reference.split('@');
    const found = configs[name];
    if (found === undefined) throw new SlipwayError('REG_NOT_FOUND', 'not found', { class: 'registry' });
    const { only: own = platform, ...config } = found;
    const digest = digestOf(`${reference} ${formatPlatform(own)}`);
    const pinned = reference.includes('@') ? reference : `${reference}@${digest}`;
    return { identifier: `docker-image://${pinned}`, digest, config: imageConfig(own, config, digest) };
  };
  return {
    asked,
    image,
    contextTime: () => Promise.resolve(undefined),
    resolveImage: async (reference, platform) => {
      asked.push(`${reference} ${formatPlatform(platform)}`);
      return image(reference, platform);
    },
  };
}

function imageConfig(platform: Platform, config: RunConfig, seed: string): ImageConfig {
  const history: HistoryEntry[] = [{ created: '2024-01-01T00:00:00Z', created_by: 'base layer' }];
  return {
    platform,
    created: '2024-01-01T00:00:00Z',
    author: 'base author',
    config,
    diffIds: [digestOf(`layer of ${seed}`)],
    history,
    unknown: { docker_version: '20.10' },
  };
}
