// How each builder is called for one and the same build. `output`: `image` (into its store), `none` (its cache), `oci` (a tar),
// `oci-zstd` (a tar with zstd; not every builder has it), `load` (no build: an image archive into its store), `check` (no build: the
// Dockerfile is only looked at).
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What `slipway build` and `docker buildx build` call an output alike. */
function outputFlags(output, dest, tag) {
  return {
    image: ['-t', tag],
    none: ['-o', 'type=cacheonly'],
    oci: ['-o', `type=oci,dest=${dest}`],
    'oci-zstd': ['-o', `type=oci,dest=${dest},compression=zstd`],
    check: ['--check'],
  }[output];
}

/** Slipway, and whoever is there of the peers. All take base images from `registry`, a host on the loopback address. */
export function builders({ folder, peers, registry }) {
  const base = ['--build-context', `alpine:latest=docker-image://${registry}/library/alpine:latest`];
  const slipway = {
    name: 'slipway',
    command: ({ context, dest, round, output }) => ({
      program: join(import.meta.dirname, '../bin/slipway'),
      args:
        output === 'load'
          ? ['load', '-i', join(context, 'image.tar')]
          : ['build', '--progress=plain', '--build-arg', `ROUND=${round}`, ...outputFlags(output, dest, 'bench'), context],
      env: { SLIPWAY_ROOT: join(folder, 'store'), SLIPWAY_REGISTRY_MIRRORS: `docker.io=http://${registry}` },
    }),
  };
  const docker = {
    name: 'docker',
    command: ({ context, dest, round, output }) => ({
      program: join(peers, 'docker'),
      args:
        output === 'load'
          ? ['load', '-i', join(context, 'image.tar')]
          : [
              'buildx',
              'build',
              '--progress=plain',
              '--provenance=false',
              '--network=host',
              ...base,
              '--build-arg',
              `ROUND=${round}`,
              ...outputFlags(output, dest, 'slipway-bench'),
              context,
            ],
    }),
  };
  const buildah = {
    name: 'buildah',
    lacks: ['oci-zstd', 'check'],
    command: ({ context, dest, round, output }) => ({
      program: join(peers, 'buildah'),
      // It always commits an image; the tar comes on top.
      args:
        output === 'load'
          ? ['pull', `docker-archive:${join(context, 'image.tar')}`]
          : [
              'bud',
              '--layers',
              '--tls-verify=false',
              ...base,
              '--build-arg',
              `ROUND=${round}`,
              '-t',
              output === 'oci' ? `oci-archive:${dest}` : 'localhost/slipway-bench',
              context,
            ],
    }),
  };
  return [
    slipway,
    ...(existsSync(join(peers, 'docker')) ? [docker] : []),
    ...(existsSync(join(peers, 'buildah')) ? [buildah] : []),
  ];
}
