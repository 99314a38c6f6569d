import { SlipwayError } from '../base/index.ts';
import type { BuildOptions } from './options.ts';

/** What the caller of a build lets its RUNs have. */
export interface Grants {
  readonly rights: readonly ('network.host' | 'security.insecure')[];
  readonly allDevices: boolean;
  readonly devices: readonly string[];
  /** What a device is called in the Dockerfile, and which one is meant. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Read `allow`; the network of every RUN being the machine's grants that network too. @throws {SlipwayError} `BUILD_BAD_OPTION` */
export function readGrants({ allow = [], network }: Pick<BuildOptions, 'allow' | 'network'>): Grants {
  const rights = new Set<Grants['rights'][number]>(network === 'host' ? ['network.host'] : []);
  const devices: string[] = [];
  const aliases = new Map<string, string>();
  let allDevices = false;
  for (const text of allow) {
    if (text === 'network.host' || text === 'security.insecure') rights.add(text);
    else if (text === 'device' || text === 'device=') allDevices = true;
    else if (text.startsWith('device=')) {
      const { name, alias } = readDevice(text.slice('device='.length));
      devices.push(name);
      if (alias !== undefined) aliases.set(alias, name);
    } else {
      throw new SlipwayError('BUILD_BAD_OPTION', `unknown entitlement ${text}`, {
        hint: 'one of network.host, security.insecure, device, device=NAME',
      });
    }
  }
  return { rights: [...rights], allDevices, devices, aliases };
}

/** `vendor.com/class=name[,alias=other]` */
function readDevice(text: string): { readonly name: string; readonly alias: string | undefined } {
  const [name = '', ...fields] = text.split(',');
  let alias: string | undefined;
  for (const field of fields) {
    const [key = '', value] = field.split(/=(.*)/s, 2);
    if (key !== 'alias' || !value) {
      const message = value === undefined ? `invalid device config "${field}"` : `unknown device config key "${key}"`;
      throw new SlipwayError('BUILD_BAD_OPTION', message, { hint: 'write `device=vendor.com/class=name,alias=other`' });
    }
    alias = value;
  }
  return { name, alias };
}
