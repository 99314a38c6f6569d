import { canonicalJson, type Json } from '../base/index.ts';
import type { ChownOpt, ExecOp, FileAction, Mount, Vertex } from '../graph/index.ts';
import { digestOf, formatPlatform } from '../oci/index.ts';
import { type KeyPart, looksSecret } from '../solver/index.ts';

/** Everything of the op itself that its result depends on. Proxies, secrets' values and cache mounts' content don't count. */
export function opKey({ op, platform }: Vertex): readonly KeyPart[] {
  const parts: KeyPart[] = [{ name: 'kind', value: op.kind }];
  if (platform !== undefined) parts.push({ name: 'platform', value: formatPlatform(platform) });
  switch (op.kind) {
    case 'source':
      parts.push({ name: 'identifier', value: op.identifier }, { name: 'attrs', value: canonicalJson(op.attrs) });
      return parts;
    case 'exec':
      return [...parts, ...execParts(op)];
    case 'file':
      return [
        ...parts,
        ...op.actions.map((action, index) => ({ name: `action ${index}`, value: canonicalJson(actionJson(action)) })),
      ];
    case 'merge':
      return [...parts, { name: 'inputs', value: canonicalJson(op.inputs) }];
    case 'diff':
      return [...parts, { name: 'lower', value: String(op.lower) }, { name: 'upper', value: String(op.upper) }];
  }
}

function execParts(op: ExecOp): KeyPart[] {
  const parts: KeyPart[] = [
    { name: 'command', value: canonicalJson(op.args) },
    { name: 'cwd', value: op.cwd },
    { name: 'user', value: op.user },
    { name: 'hostname', value: op.hostname },
    { name: 'network', value: op.network },
    { name: 'security', value: op.insecure ? 'insecure' : 'sandbox' },
    { name: 'hosts', value: canonicalJson(op.extraHosts.map(({ host }) => host)) },
    { name: 'ulimits', value: canonicalJson(op.ulimits) },
    { name: 'cgroup parent', value: op.cgroupParent },
    { name: 'secret env', value: canonicalJson(op.secretEnv) },
    ...(op.devices.length === 0 ? [] : [{ name: 'devices', value: canonicalJson(op.devices) }]),
  ];
  for (const item of op.env) parts.push({ name: 'env', value: withoutSecret(item) });
  for (const mount of op.mounts) parts.push({ name: `mount ${mount.dest}`, value: canonicalJson(mountJson(mount)) });
  return parts;
}

/** A value that looks secret counts, but only its digest is kept. */
function withoutSecret(item: string): string {
  const equals = item.indexOf('=');
  return looksSecret(item.slice(0, Math.max(0, equals))) ? `${item.slice(0, equals)}=${digestOf(item.slice(equals + 1))}` : item;
}

function mountJson(mount: Mount): Json {
  switch (mount.type) {
    case 'bind':
      return { type: 'bind', readonly: mount.readonly, input: mount.input, selector: mount.selector, output: mount.output };
    case 'cache':
      return {
        type: 'cache',
        readonly: mount.readonly,
        ...(mount.id === mount.dest ? {} : { id: mount.id }),
        // What an empty cache begins with.
        ...(mount.input < 0 ? {} : { input: mount.input, selector: mount.selector }),
      };
    case 'tmpfs':
      return { type: 'tmpfs', readonly: mount.readonly, sizeBytes: mount.sizeBytes };
    case 'secret':
    case 'ssh':
      return { type: mount.type, id: mount.id, uid: mount.uid, gid: mount.gid, mode: mount.mode, optional: mount.optional };
  }
}

function actionJson(action: FileAction): Json {
  const { input, secondaryInput, output } = action;
  const place = { action: action.action, input, secondaryInput, output };
  switch (action.action) {
    case 'copy':
      return {
        ...place,
        src: action.src,
        dest: action.dest,
        owner: ownerJson(action.owner),
        mode: action.mode,
        modeStr: action.modeStr,
        flags: [
          action.followSymlink,
          action.dirCopyContents,
          action.unpackArchives,
          action.createDestPath,
          action.allowWildcard,
          action.allowEmptyWildcard,
          action.alwaysReplaceExistingDestPaths,
        ],
        include: action.includePatterns,
        exclude: action.excludePatterns,
        required: action.requiredPaths,
        timestamp: action.timestampNs.toString(),
      };
    case 'mkfile':
      return {
        ...place,
        path: action.path,
        mode: action.mode,
        data: digestOf(action.data),
        owner: ownerJson(action.owner),
        timestamp: action.timestampNs.toString(),
      };
    case 'mkdir':
      return {
        ...place,
        path: action.path,
        mode: action.mode,
        parents: action.makeParents,
        owner: ownerJson(action.owner),
        timestamp: action.timestampNs.toString(),
      };
    case 'rm':
      return { ...place, path: action.path, allowNotFound: action.allowNotFound, allowWildcard: action.allowWildcard };
    case 'symlink':
      return {
        ...place,
        oldpath: action.oldpath,
        newpath: action.newpath,
        owner: ownerJson(action.owner),
        timestamp: action.timestampNs.toString(),
      };
  }
}

function ownerJson(owner: ChownOpt | undefined): Json {
  if (owner === undefined) return null;
  return {
    user: owner.user === undefined ? null : { ...owner.user },
    group: owner.group === undefined ? null : { ...owner.group },
  };
}
