import { expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import { parseImageConfig, printImageConfig } from './image-config.ts';
import { parseManifest, printManifest } from './manifest.ts';

/** As BuildKit wrote it. */
const config =
  '{"architecture":"arm","author":"me \\u003cme@x.test\\u003e","config":{"User":"root","ExposedPorts":{"100/tcp":{},"80/tcp":{}},' +
  '"Env":["PATH=/bin","A=\\u0026\\u0026"],"Entrypoint":["/bin/sh","-ec","exec top -b"],"Cmd":["a"],"Volumes":{"/q":{},"[/w]":{}},' +
  '"WorkingDir":"/work/1","Labels":{"l":"x y\\u2028","m":"2"},"StopSignal":"SIGUSR1","ArgsEscaped":true,"Healthcheck":{"Test":["NONE"]},' +
  '"OnBuild":["RUN x"],"Shell":["/bin/sh","-ec"]},"created":"1970-01-01T00:00:05Z","docker_version":"20.10","history":[' +
  '{"created":"1970-01-01T00:00:05Z","created_by":"RUN /bin/sh -c echo \\"\\u003c2\\u003e\\" # buildkit","comment":"buildkit.dockerfile.v0"},' +
  `{"created_by":"CMD [\\"a\\"]","empty_layer":true}],"os":"linux","rootfs":{"type":"layers","diff_ids":["${digestOf('layer')}"]},"variant":"v7"}`;

test('IMG-05 an image config that is read and written again has the bytes that it had', () => {
  const bytes = new TextEncoder().encode(config);
  expect(Buffer.from(printImageConfig(parseImageConfig(bytes))).toString()).toBe(config);
});

test('IMG-05 the order of members, and members without a value, change nothing', () => {
  const shuffle = (value: unknown): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, each]) => [key, shuffle(each)]),
        );
  const whole = JSON.parse(config) as { config: object };
  const other = shuffle({ ...whole, config: { ...whole.config, Domainname: '', Tty: false } });
  const bytes = new TextEncoder().encode(JSON.stringify(other));
  expect(Buffer.from(printImageConfig(parseImageConfig(bytes))).toString()).toBe(config);
});

test.for([
  [{ architecture: 'arm64', variant: 'v8' }, '"architecture":"arm64"', undefined],
  [{ architecture: 'aarch64' }, '"architecture":"arm64"', undefined],
  [{ architecture: 'arm' }, '"architecture":"arm"', 'v7'],
  [{ architecture: 'arm', variant: '6' }, '"architecture":"arm"', 'v6'],
  [{ architecture: 'amd64', variant: 'v1' }, '"architecture":"amd64"', undefined],
  [{ architecture: 'x86_64', variant: 'v3' }, '"architecture":"amd64"', 'v3'],
] as const)('IMG-06 the platform %j is written in one spelling', ([platform, architecture, variant]) => {
  const bytes = new TextEncoder().encode(JSON.stringify({ os: 'linux', ...platform }));
  const printed = Buffer.from(printImageConfig(parseImageConfig(bytes))).toString();
  expect(printed).toContain(architecture);
  expect((JSON.parse(printed) as { variant?: string }).variant).toBe(variant);
});

test('a manifest is written with the escapes of the tools of the field', () => {
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('c'), size: 1 };
  const manifest = { kind: 'manifest', mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [] } as const;
  const bytes = printManifest({ ...manifest, annotations: { a: '<1&2>' } });
  expect(Buffer.from(bytes).toString()).toContain('"a": "\\u003c1\\u00262\\u003e"');
  expect(parseManifest(bytes).annotations).toEqual({ a: '<1&2>' });
});
