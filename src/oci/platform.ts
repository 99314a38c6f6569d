import { SlipwayError } from '../base/index.ts';

/** What an image runs on. Normalised: `amd64` not `x86_64`; `arm64` has no variant `v8`, `arm` has one. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
}

const architectures: Readonly<Record<string, readonly [string, string?]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  x64: ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  i386: ['386'],
  i686: ['386'],
  ia32: ['386'],
};

const knownOs = new Set([
  'linux',
  'windows',
  'darwin',
  'freebsd',
  'netbsd',
  'openbsd',
  'solaris',
  'plan9',
  'android',
  'aix',
  'illumos',
  'js',
  'wasip1',
  'dragonfly',
]);

/** Parse `os[/arch[/variant]]` or a lone architecture, completing it from `defaults`.
 * @throws {SlipwayError} `OCI_BAD_PLATFORM` */
export function parsePlatform(text: string, defaults: Platform): Platform {
  const bad = (): SlipwayError =>
    new SlipwayError('OCI_BAD_PLATFORM', `\`${text}\` is not a platform`, {
      hint: 'write it as os/arch[/variant], for example linux/arm64',
    });
  const parts = text.trim().toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw bad();
  const [first = '', second, third] = parts;
  if (second === undefined) {
    if (knownOs.has(first))
      return normalizePlatform({ os: first, architecture: defaults.architecture, variant: defaults.variant });
    if (first in architectures || /^(amd64|arm64|arm|386|ppc64le|s390x|riscv64|mips64le|mips64|loong64|wasm)$/.test(first)) {
      return normalizePlatform({ os: defaults.os, architecture: first });
    }
    throw bad();
  }
  return normalizePlatform({ os: first, architecture: second, variant: third });
}

export function normalizePlatform(platform: Platform): Platform {
  const known = architectures[platform.architecture];
  const os = platform.os === 'macos' ? 'darwin' : platform.os;
  const architecture = known?.[0] ?? platform.architecture;
  let variant = platform.variant ?? known?.[1];
  if (variant === '') variant = undefined;
  if (architecture === 'arm64' && (variant === 'v8' || variant === '8')) variant = undefined;
  if (architecture === 'amd64' && variant === 'v1') variant = undefined;
  if (architecture === 'arm') variant = variant === undefined ? 'v7' : variant.startsWith('v') ? variant : `v${variant}`;
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(platform.osVersion ? { osVersion: platform.osVersion } : {}),
  };
}

export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, ...(platform.variant ? [platform.variant] : [])].join('/');
}

export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalizePlatform(a)) === formatPlatform(normalizePlatform(b));
}

/** The platform of a Linux engine on a processor that Node calls `arch`. */
export function linuxPlatform(arch: string): Platform {
  return normalizePlatform({ os: 'linux', architecture: arch });
}

const armOrder = ['v8', 'v7', 'v6', 'v5'];
const amdOrder = ['v4', 'v3', 'v2', 'v1'];

/**
 * The best of `available` for `wanted`: exact variant first, then a lower variant the processor also runs.
 * @returns its index, or -1.
 */
export function choosePlatform(wanted: Platform, available: readonly (Platform | undefined)[]): number {
  const want = normalizePlatform(wanted);
  const order = want.architecture === 'arm' ? armOrder : want.architecture === 'amd64' ? amdOrder : [];
  const from = order.indexOf(want.variant ?? (want.architecture === 'amd64' ? 'v1' : ''));
  const variants: (string | undefined)[] = from >= 0 ? order.slice(from) : [want.variant];
  for (const variant of variants) {
    const exact = normalizePlatform({ ...want, variant });
    const index = available.findIndex((platform) => platform !== undefined && samePlatform(platform, exact));
    if (index >= 0) return index;
  }
  return -1;
}
