import type { HostPath } from '../base/index.ts';
import type { ExecOp } from '../graph/index.ts';
import type { LayerId, Tree } from '../layer/index.ts';
import type { Content } from '../rootfs/index.ts';
import type { DeviceEdits, ResourceLimits, Sandbox } from '../sandbox/index.ts';
import type { GitSource, HttpSource, ImageSource, LocalContext } from '../source/index.ts';
import type { SshAgent } from '../ssh/index.ts';
import type { Store } from '../store/index.ts';

/** What the engine lends to the ops. */
export interface OpsPorts {
  readonly store: Store;
  readonly content: Content;
  readonly images: ImageSource;
  readonly http: HttpSource;
  readonly git: GitSource;
  /** Where each local context lies, by name. */
  readonly directories: ReadonlyMap<string, HostPath>;
  /** Where the modes of their files come from; default: the disk. */
  readonly contextModes?: 'git' | undefined;
  /** The sandbox of this machine, probed when first needed. */
  sandbox(): Promise<Sandbox>;
  /** The value of a secret of this build; asked for each op that names it. */
  secret(id: string): Uint8Array | undefined;
  /** Who signs for a step, by id. */
  readonly sshAgent: (id: string) => SshAgent | undefined;
  /** Network of an exec op that names none. */
  readonly network: 'host' | 'none';
  /** What the devices of an exec op change; `undefined` when it names none. */
  readonly devicesOf: (devices: ExecOp['devices']) => DeviceEdits | undefined;
  /** What each exec op may use at most. */
  readonly limits: ResourceLimits | undefined;
  readonly now: () => number;
}

/** What the ops of one job share. */
export interface OpsState {
  readonly ports: OpsPorts;
  /** The merged view of a stack of layers. */
  treeOf(layers: readonly LayerId[]): Tree;
  /** Local contexts that were opened, by the origin that their files have in trees. */
  readonly live: Map<string, LocalContext>;
}
