const systems: ReadonlySet<string> = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(' '),
);
const architectures: ReadonlySet<string> = new Set(
  'x86_64 x86-64 aarch64 armhf armel i386 amd64 arm arm64 386 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x sparc64 wasm loong64'.split(
    ' ',
  ),
);
const other: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
  i386: '386',
};

/** System and architecture of `os[/arch[/variant]]` or of an architecture alone; `undefined` when it is no platform. */
export function constantPlatform(
  text: string,
  fallback: string,
): { readonly os: string; readonly architecture: string } | undefined {
  const parts = text.toLowerCase().split('/');
  const [first = '', second] = parts;
  const [os = '', architecture = ''] = fallback.split('/');
  if (parts.length > 3 || !parts.every((part) => /^[\w.-]+$/.test(part))) return undefined;
  if (second !== undefined) return { os: first === 'macos' ? 'darwin' : first, architecture: other[second] ?? second };
  if (systems.has(first)) return { os: first, architecture };
  return architectures.has(first) ? { os, architecture: other[first] ?? first } : undefined;
}
