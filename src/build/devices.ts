import { SlipwayError, type SourceSpan } from '../base/index.ts';
import type { CompiledTargets } from '../frontend/index.ts';
import type { ExecOp } from '../graph/index.ts';
import { type DeviceEdits, type DeviceRegistry, openDeviceRegistry } from '../sandbox/index.ts';
import type { Grants } from './entitlements.ts';

/** What the devices of one RUN change; `undefined` when it names none. */
export type DevicesOf = (devices: ExecOp['devices']) => DeviceEdits | undefined;

/**
 * Look up every device that the steps name, before any of them runs.
 *
 * @throws {SlipwayError} `BUILD_DEVICE_NOT_ALLOWED` a device that the caller doesn't grant; `SANDBOX_BAD_DEVICE`, `SANDBOX_NO_DEVICE`
 */
export async function findDevices(
  { graph, locations }: Pick<CompiledTargets, 'graph' | 'locations'>,
  grants: Grants,
  directories: readonly string[] | undefined,
): Promise<DevicesOf> {
  const steps = [...graph.vertices.values()].filter(({ op }) => op.kind === 'exec' && op.devices.length > 0);
  if (steps.length === 0) return () => undefined;
  const registry = await openDeviceRegistry(directories);
  for (const { digest, op } of steps) {
    if (op.kind !== 'exec') continue;
    try {
      refuseUngranted(op.devices, grants, registry);
    } catch (thrown) {
      if (thrown instanceof SlipwayError) thrown.at ??= placeOf(locations.get(digest));
      throw thrown;
    }
  }
  return (devices) => (devices.length === 0 ? undefined : registry.edits(namesOf(devices, grants, registry)));
}

function placeOf(spans: readonly SourceSpan[] | undefined): SourceSpan | undefined {
  return spans?.[0];
}

function namesOf(devices: ExecOp['devices'], { aliases }: Grants, registry: DeviceRegistry): readonly string[] {
  const found = devices.flatMap(({ name, optional }) => registry.find({ name: aliases.get(name) ?? name, optional }));
  return [...new Set(found)];
}

/** An alias is granted with its device. */
function refuseUngranted(devices: ExecOp['devices'], grants: Grants, registry: DeviceRegistry): void {
  const found = namesOf(devices, grants, registry);
  if (grants.allDevices) return;
  const granted = new Set(grants.devices.flatMap((name) => registry.find({ name, optional: false })));
  const forbidden = found.filter((name) => !granted.has(name) && !registry.isAutoAllowed(name));
  if (forbidden.length === 0) return;
  const [only] = forbidden;
  throw new SlipwayError(
    'BUILD_DEVICE_NOT_ALLOWED',
    forbidden.length === 1
      ? `device ${only} is requested by the build but not allowed`
      : `devices ${forbidden.join(', ')} are requested by the build but not allowed`,
    { hint: `pass \`--allow device=${only}\`, or \`--allow device\` for every device` },
  );
}
