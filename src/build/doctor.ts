import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type HostPath, ifThere, Scope, SlipwayError, toSlipwayError } from '../base/index.ts';
import { type Engine, engineSettings } from '../engine/index.ts';
import { mountOverlay } from '../rootfs/index.ts';
import { createIngest } from '../store/index.ts';
import type { EngineOptions } from './options.ts';
import { withEngine } from './with-engine.ts';

/** One thing that was tried on this machine, by doing it. */
export interface DoctorFinding {
  readonly name: string;
  /** `missing`: builds work without it, but less well, or only some of them. */
  readonly state: 'ok' | 'missing' | 'broken';
  readonly detail: string;
  readonly hint?: string;
}

/** Try on this machine what builds need. Never throws for what is missing: it is told. */
export async function doctor(
  options: { readonly engine?: EngineOptions; readonly signal?: AbortSignal } = {},
): Promise<readonly DoctorFinding[]> {
  const { root } = engineSettings(options.engine ?? {}, process.env);
  const findings: DoctorFinding[] = [nodeFinding(), userFinding()];
  try {
    await withEngine(options, async (engine) => {
      findings.push({ name: 'store', state: 'ok', detail: root });
      findings.push(await overlayFinding(engine), await sandboxFinding(engine), ...namespaceFindings());
    });
  } catch (thrown) {
    const error = toSlipwayError(thrown);
    findings.push(broken('store', error));
  }
  return findings;
}

function nodeFinding(): DoctorFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'node',
    state: isNew ? 'ok' : 'broken',
    detail: `${process.version} on ${process.platform}/${process.arch}`,
    ...(isNew ? {} : { hint: 'Slipway needs Node.js 20.19 or newer' }),
  };
}

function userFinding(): DoctorFinding {
  const uid = process.getuid?.();
  if (uid === 0) return { name: 'user', state: 'ok', detail: 'root: every step can run' };
  return {
    name: 'user',
    state: 'missing',
    detail: `user ${uid ?? 'unknown'}: Dockerfiles without RUN build; RUN needs root`,
    hint: 'run as root, also inside a container or a user namespace, to build Dockerfiles with RUN',
  };
}

async function overlayFinding(engine: Engine): Promise<DoctorFinding> {
  await using scope = new Scope();
  try {
    const ingest = scope.use(createIngest(engine.store.paths));
    const folder = (name: string): HostPath => {
      mkdirSync(ingest.child(name));
      return ingest.child(name);
    };
    const [lower, upper, work, target] = [folder('l'), folder('u'), folder('w'), folder('m')];
    writeFileSync(ingest.child('l/probe'), 'x');
    scope.use(mountOverlay({ lowers: [lower], upper, work, target }));
    const isThere = readFileSync(ingest.child('m/probe'), 'utf8') === 'x';
    return isThere
      ? { name: 'overlayfs', state: 'ok', detail: 'mounts in the store' }
      : { name: 'overlayfs', state: 'broken', detail: 'mounted, but the lower layer does not show' };
  } catch (thrown) {
    return broken('overlayfs', toSlipwayError(thrown));
  }
}

async function sandboxFinding(engine: Engine): Promise<DoctorFinding> {
  try {
    const { name } = await engine.sandbox();
    const detail = name === 'unshare' ? 'unshare of util-linux: no seccomp filter, no resource limits' : name;
    return { name: 'runtime', state: 'ok', detail };
  } catch (thrown) {
    return broken('runtime', toSlipwayError(thrown));
  }
}

const switches: readonly (readonly [string, string, string])[] = [
  ['user.max_user_namespaces', '0', 'this machine allows no user namespaces'],
  ['kernel.unprivileged_userns_clone', '0', 'this machine allows user namespaces to root alone'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1', 'AppArmor keeps user namespaces from ordinary users'],
];

/** Kernel settings that stop user namespaces: told only where they stand in the way. */
function namespaceFindings(): readonly DoctorFinding[] {
  return switches.flatMap(([name, forbids, detail]): readonly DoctorFinding[] => {
    if (sysctl(name) !== forbids) return [];
    const allowed = forbids === '0' ? '1' : '0';
    return [
      {
        name: 'user namespaces',
        state: 'missing',
        detail: `${detail} (${name}=${forbids})`,
        hint: `\`sysctl -w ${name}=${allowed}\` as root changes that`,
      },
    ];
  });
}

function sysctl(name: string): string | undefined {
  return ifThere(() => readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim());
}

function broken(name: string, error: SlipwayError): DoctorFinding {
  return { name, state: 'broken', detail: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}
