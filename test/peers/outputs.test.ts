import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, loadImages } from '../../src/index.ts';
import { Builder } from '../kernel/support/builder.ts';
import { succeed } from '../kernel/support/slipway.ts';
import { openImage } from '../support/oci-image.ts';

const peers = process.env['SLIPWAY_PEERS'] ?? '';
const docker = join(peers, 'docker');
const buildah = join(peers, 'buildah');
const name = 'slipway-peers-output:1';

let builder: Builder;
let imageId = '';
beforeAll(async () => {
  builder = await Builder.open();
  const made = await build({
    dockerfile: 'FROM base-image\nRUN mkdir /d && echo x > /d/f && ln /d/f /d/h && chown 5:6 /d/f\nCMD ["cat", "/d/h"]',
    context: builder.context(),
    outputs: (['docker', 'oci'] as const).map((type) => ({ type, dest: archive(type), names: [name] })),
    engine: builder.engine,
  });
  imageId = made.imageId ?? '';
});
afterAll(() => builder[Symbol.dispose]());

function archive(type: 'docker' | 'oci'): string {
  return join(builder.scratch, `${type}.tar`);
}

for (const type of ['docker', 'oci'] as const) {
  test(`docker loads and runs what -o type=${type} wrote, and what it saves loads here`, async ({ skip }) => {
    if (!existsSync(docker)) skip(`there is no ${docker}: set SLIPWAY_PEERS`);
    expect(await succeed(docker, ['load', '-q', '-i', archive(type)])).toContain(name);
    try {
      expect(await succeed(docker, ['run', '--rm', '--network=host', name])).toBe('x\n');
      const saved = join(builder.scratch, `saved-${type}.tar`);
      await succeed(docker, ['save', '-o', saved, name]);
      const loaded = await loadImages({ source: saved, engine: { root: join(builder.scratch, `store-${type}`) } });
      expect(loaded.map((image) => image.imageId)).toEqual([imageId]);
    } finally {
      await succeed(docker, ['rmi', name]);
    }
  });

  test(`buildah pulls what -o type=${type} wrote`, async ({ skip }) => {
    if (!existsSync(buildah)) skip(`there is no ${buildah}: set SLIPWAY_PEERS`);
    const id = (await succeed(buildah, ['pull', '-q', `${type}-archive:${archive(type)}`])).trim();
    try {
      expect(`sha256:${id}`).toBe(imageId);
    } finally {
      await succeed(buildah, ['rmi', '-f', id]);
    }
  });
}

test('with the same sources and SOURCE_DATE_EPOCH, the image ID is the one that BuildKit gives', async ({ skip }) => {
  if (!existsSync(docker)) skip(`there is no ${docker}: set SLIPWAY_PEERS`);
  const text = `FROM scratch
ARG V=1
COPY --chmod=0640 --chown=1:2 a /dest/$V
WORKDIR /work/$V
COPY <<EOF /here
<text> & more
EOF
ENV A="<1 & 2>" B=$V
LABEL l="x y" m=2
EXPOSE 80 90/udp
VOLUME ["/q"]
USER 1000:1000
CMD ["a", "b \\"c\\""]
ONBUILD RUN x
MAINTAINER me <me@x.test>
`;
  const context = builder.context({ a: 'a', Dockerfile: text });
  const theirs = join(builder.scratch, 'theirs.tar');
  await succeed(docker, [
    'buildx',
    'build',
    '--provenance=false',
    '--build-arg=SOURCE_DATE_EPOCH=5',
    `--output=type=oci,dest=${theirs},rewrite-timestamp=true`,
    context,
  ]);
  const made = await build({
    context,
    buildArgs: { SOURCE_DATE_EPOCH: '5' },
    outputs: [{ type: 'oci', dest: join(builder.scratch, 'ours.tar'), rewriteTimestamp: true }],
    engine: builder.engine,
  });
  expect(made.imageId).toBe(openImage(theirs).configDigest);
});
