import { readdirSync, readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { ifThere, SlipwayError, toSlipwayError } from '../../base/index.ts';
import type { DeviceEdits, DeviceRegistry, WantedDevice } from '../devices.ts';
import { mergeEdits } from './edits.ts';
import { type CdiDevice, type CdiSpec, isKind, readCdiSpec } from './spec.ts';

interface Registered {
  readonly spec: CdiSpec;
  readonly device: CdiDevice;
}

const autoAllow = 'org.mobyproject.buildkit.device.autoallow';
const deviceClass = 'org.mobyproject.buildkit.device.class';

/**
 * The devices that the specification files of these directories name; of two files with one device the one in the later directory
 * counts, and in one directory neither does. A file that is no specification only counts against the devices that are missed.
 */
export function readDeviceRegistry(directories: readonly string[]): DeviceRegistry {
  const { devices, broken } = readAll(directories);
  const names = [...devices.keys()].sort();
  const annotation = (name: string, key: string): string | undefined => {
    const { spec, device } = devices.get(name) ?? {};
    return device?.annotations[key] ?? spec?.annotations[key];
  };
  return {
    find({ name: wanted, optional }: WantedDevice): readonly string[] {
      const [kind = '', name] = wanted.split(/=(.*)/s, 2);
      if (!isKind(kind)) {
        throw new SlipwayError('SANDBOX_BAD_DEVICE', `invalid device "${wanted}"`, {
          hint: 'write `vendor.com/class=name`, as in the specifications of the machine',
        });
      }
      const ofKind = names.filter((each) => each.startsWith(`${kind}=`));
      const found =
        name === undefined || name === ''
          ? ofKind.slice(0, 1)
          : name === '*'
            ? ofKind
            : devices.has(wanted)
              ? [wanted]
              : ofKind.filter((each) => annotation(each, deviceClass) === name);
      if (found.length > 0 || optional) return found;
      throw new SlipwayError('SANDBOX_NO_DEVICE', `required device "${wanted}" is not registered`, {
        class: 'resource',
        hint: missingHint(directories, ofKind, broken),
      });
    },
    isAutoAllowed: (name) => /^(?:1|t|T|TRUE|true|True)$/.test(annotation(name, autoAllow) ?? ''),
    edits(wanted): DeviceEdits {
      const found = wanted.flatMap((name) => devices.get(name) ?? []);
      const specs = [...new Set(found.map(({ spec }) => spec))];
      return mergeEdits([...specs.map(({ edits }) => edits), ...found.map(({ device }) => device.edits)]);
    },
  };
}

function missingHint(directories: readonly string[], ofKind: readonly string[], broken: readonly string[]): string {
  if (ofKind.length > 0) return `this machine has ${ofKind.join(', ')}`;
  if (broken.length > 0) return `of what lies in ${directories.join(' and ')}, this can't be read: ${broken.join('; ')}`;
  return `no specification in ${directories.join(' or ')} names it`;
}

interface Read {
  readonly devices: ReadonlyMap<string, Registered>;
  /** `file: why` */
  readonly broken: readonly string[];
}

function readAll(directories: readonly string[]): Read {
  const devices = new Map<string, Registered>();
  const broken: string[] = [];
  for (const directory of directories) {
    const here = new Map<string, Registered | 'twice'>();
    for (const file of specFiles(directory)) {
      try {
        const text = readFileSync(file, 'utf8');
        const spec = readCdiSpec(file.endsWith('.json') ? JSON.parse(text) : parseYaml(text));
        for (const device of spec.devices) {
          const name = `${spec.kind}=${device.name}`;
          here.set(name, here.has(name) ? 'twice' : { spec, device });
        }
      } catch (error) {
        broken.push(`${file}: ${toSlipwayError(error).message}`);
      }
    }
    for (const [name, registered] of here) {
      if (registered === 'twice') {
        devices.delete(name);
        broken.push(`${directory}: several files name ${name}`);
      } else devices.set(name, registered);
    }
  }
  return { devices, broken };
}

function specFiles(directory: string): readonly string[] {
  return (
    ifThere(() =>
      readdirSync(directory)
        .filter((name) => /\.(?:json|yaml|yml)$/.test(name))
        .sort()
        .map((name) => `${directory}/${name}`),
    ) ?? []
  );
}
