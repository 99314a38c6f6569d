import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { compilePatterns, parseIgnoreFile } from '../../src/base/index.ts';
import { parseCsv } from '../../src/cli/flags/csv.ts';
import { checkDockerfile, expandWord, format, parseDockerfile, print } from '../../src/dockerfile/index.ts';
import { parseGitUrl } from '../../src/frontend/index.ts';
import { decodeIndex, encodeIndex, type LayerId } from '../../src/layer/index.ts';
import { dir, file, hardlink, link } from '../../src/layer/samples.ts';
import { parseImageConfig, parseManifest, parsePlatform, parseReference } from '../../src/oci/index.ts';
import { parseRecord, recordText } from '../../src/store/records.ts';
import { createTarParser, decompressed } from '../../src/tar/index.ts';
import { tarOf } from '../../src/tar/samples.ts';

/** Something that reads what others wrote. It may refuse it with a SlipwayError. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs, from which bad ones are made. */
  readonly samples: readonly Uint8Array[];
  readonly read: (bytes: Uint8Array) => unknown;
}

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const bytesOf = (...texts: readonly string[]): readonly Uint8Array[] => texts.map((text) => Buffer.from(text));
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const dockerfile = `# syntax=docker/dockerfile:1
# check=skip=JSONArgsRecommended
ARG V=3
FROM --platform=$BUILDPLATFORM alpine:\${V:-3} AS build
ENV a="b c" d=\${a%% *} \\
    # why
    e='f'
RUN --mount=type=cache,target=/x,sharing=locked <<EOF cat
echo $a
EOF
COPY --chown=1:2 --chmod=u+x [ "a b", "c/" ]
ONBUILD ADD --checksum=sha256:00 http://example.com/x /y
HEALTHCHECK --interval=1m30s CMD x || exit 1
EXPOSE 80-90/tcp 53/udp
FROM build
COPY --from=build <<-"A" --parents x/./y /z/
	tab
A
LABEL a.b="c" 'd e'=f
STOPSIGNAL 9
SHELL ["/bin/sh", "-c"]
`;

const values: Readonly<Record<string, string>> = { a: 'some text', b: '', long: 'ab'.repeat(2000) };
const digest = `sha256:${'a'.repeat(64)}`;
const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 3 };
const manifest = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { ...descriptor, mediaType: 'application/vnd.oci.image.config.v1+json' },
  layers: [descriptor, { ...descriptor, urls: ['http://x'], annotations: { a: 'b' } }],
};
const index = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [{ ...descriptor, mediaType: manifest.mediaType, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }],
};
const config = {
  architecture: 'amd64',
  os: 'linux',
  config: {
    Env: ['A=b'],
    Cmd: ['x'],
    ExposedPorts: { '80/tcp': {} },
    Labels: { a: 'b' },
    OnBuild: ['RUN x'],
    Healthcheck: { Test: ['NONE'] },
  },
  rootfs: { type: 'layers', diff_ids: [digest] },
  history: [{ created: '2020-01-01T00:00:00Z', created_by: 'RUN x' }, { empty_layer: true }],
};

const tar = tarOf([
  { type: 'dir', path: 'd', mode: 0o755, uid: 0, gid: 0, mtimeSec: 1 },
  { type: 'file', path: 'd/f', mode: 0o644, uid: 1, gid: 2, mtimeSec: 1.5, sizeBytes: 3000 },
  { type: 'file', path: `d/${'long'.repeat(60)}`, mode: 0o644, uid: 3_000_000, gid: 2, mtimeSec: 1, sizeBytes: 0 },
  { type: 'symlink', path: 'd/s', mode: 0o777, uid: 0, gid: 0, mtimeSec: 1, target: '../x' },
]);
const packed = Buffer.concat([tar, Buffer.from('text and '.repeat(3000)), tar]);
const noisy = Buffer.from(packed.map((byte, at) => byte ^ ((at * at * 31) >> 7)));

const pack = (program: string, ...args: readonly string[]): readonly Uint8Array[] =>
  [packed, noisy].map((input) => {
    const { stdout, status, error } = spawnSync(program, ['-c', ...args], { input });
    if (status !== 0) throw error ?? new Error(`${program} ended with ${status}`);
    return stdout;
  });

/** More than this need not be read to see what a decoder does. */
const enoughBytes = 8 << 20;

async function unpack(bytes: Uint8Array): Promise<void> {
  let sizeBytes = 0;
  for await (const chunk of decompressed(inPieces(bytes))) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > enoughBytes) return;
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

function readTar(bytes: Uint8Array): void {
  const parser = createTarParser({ onMember: () => undefined, onData: () => undefined });
  for (let at = 0; at < bytes.length; at += 700) parser.write(bytes.subarray(at, at + 700));
  parser.end();
}

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: 'Dockerfiles',
    samples: bytesOf(dockerfile, dockerfile.replaceAll('\n', '\r\n')),
    read(bytes) {
      const parsed = parseDockerfile(bytes);
      print(parsed.file);
      format(utf8(bytes));
      return checkDockerfile(parsed, { own: true, ignoreFile: '*.log' });
    },
  },
  {
    name: 'words',
    samples: bytesOf('a${a:-b}c', '"${a#*o}$b"', "'$a'${long//a?b/$a}", '${long%%b*}', '${b:?why $a}', '${a/\\//x}\\$'),
    read: (bytes) => expandWord(utf8(bytes), (name) => (Object.hasOwn(values, name) ? values[name] : undefined)),
  },
  {
    name: 'ignore files',
    samples: bytesOf('# why\n*.log\n!a/**/b\n[a-z]?\\*\n', '**/node_modules\n/x/../y\n'),
    read(bytes) {
      const matcher = compilePatterns(parseIgnoreFile(utf8(bytes)));
      return ['a', 'a/x/b', `${'a/'.repeat(30)}b`, 'a'.repeat(200), '[', 'node_modules/x'].map((path) => matcher.matches(path));
    },
  },
  {
    name: 'references',
    samples: bytesOf('alpine', `localhost:5000/a/b_c:t@${digest}`),
    read: (bytes) => parseReference(utf8(bytes)),
  },
  {
    name: 'platforms',
    samples: bytesOf('linux/arm/v7', 'windows(10.0.1)/amd64', 'arm64'),
    read: (bytes) => parsePlatform(utf8(bytes), { os: 'linux', architecture: 'amd64' }),
  },
  {
    name: 'repositories',
    samples: bytesOf('https://user:pass@example.com/a.git#v1:sub', 'git@example.com:a/b.git', 'https://x/y.git?ref=a&checksum=b'),
    read: (bytes) => parseGitUrl(utf8(bytes), undefined),
  },
  {
    name: 'lists',
    samples: bytesOf('type=image,"name=a,b",push=true', 'a="b""c"'),
    read: (bytes) => parseCsv(utf8(bytes), 'output'),
  },
  { name: 'manifests', samples: [json(manifest), json(index)], read: (bytes) => parseManifest(bytes) },
  { name: 'image configs', samples: [json(config)], read: (bytes) => parseImageConfig(bytes) },
  { name: 'records', samples: bytesOf(recordText({ a: [1, 'b', null] })), read: (bytes) => parseRecord(utf8(bytes)) },
  {
    name: 'layer indexes',
    samples: [encodeIndex({ id: 'l1' as LayerId, entries: [dir('a'), file('a/f'), hardlink('a/h', 'a/f'), link('a/l', 'f')] })],
    read: (bytes) => decodeIndex(bytes),
  },
  { name: 'tars', samples: [tar, packed], read: readTar },
  { name: 'gzip', samples: [gzipSync(packed), gzipSync(noisy), Buffer.concat([gzipSync(tar), gzipSync(tar)])], read: unpack },
  { name: 'bzip2', samples: pack('bzip2'), read: unpack },
  { name: 'xz', samples: [...pack('xz', '-1'), ...pack('xz', '-0', '--check=crc32')], read: unpack },
  { name: 'zstd', samples: [...pack('zstd', '-3'), ...pack('zstd', '-19')], read: unpack },
];
