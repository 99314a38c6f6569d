import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDockerfile } from '../dockerfile/index.ts';
import { encodeOp, topological, type Op } from '../graph/index.ts';
import { type Digest, digestOf, parseImageConfig } from '../oci/index.ts';
import { compile } from './compile.ts';
test('same as buildkit', async () => {
  const prov = JSON.parse(readFileSync('/tmp/fe/prov.json', 'utf8')).predicate;
  const bc = prov.buildConfig ?? prov.buildDefinition.internalParameters.buildConfig;
  const digestOfStep = Object.fromEntries(Object.entries(bc.digestMapping).map(([d, s]) => [s, d]));
  const theirs = new Set(Object.keys(bc.digestMapping));
  const { file } = parseDockerfile(readFileSync('/tmp/fe/ctx/Dockerfile', 'utf8'), 'Dockerfile');
  const config = parseImageConfig(Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/sh'] }, rootfs: { diff_ids: ['sha256:' + 'a'.repeat(64)] }, history: [{ created_by: 'x' }] })));
  const id = bc.llbDefinition[0].op.Op.source.identifier;
  const p = { os: 'linux', architecture: 'amd64' };
  const c = await compile(file, { targetPlatform: p, buildPlatform: p, network: 'host' }, { resolveImage: async () => ({ identifier: id, digest: digestOf('x'), config }) }, new AbortController().signal);
  // re-encode with their source attrs, and look each digest up
  const map = new Map<Digest, Digest>();
  const localStep = bc.llbDefinition.find((s: any) => s.op.Op.source?.identifier === 'local://context').id;
  for (const v of topological(c.graph, c.result)) {
    const inputs = v.inputs.map((e) => ({ ...e, vertex: map.get(e.vertex) ?? e.vertex }));
    let op: Op = v.op;
    let d: Digest;
    if (op.kind === 'source' && op.identifier.startsWith('local')) d = digestOfStep[localStep] as Digest;
    else {
      if (op.kind === 'source') op = { ...op, attrs: { 'image.resolvemode': 'local' } };
      if (op.kind === 'exec') op = { ...op, mounts: op.mounts.map((m) => (m.type === 'bind' && m.dest === '/dev/pipes' ? { ...m, dest: '/dev/pipes/', selector: '/' } : m)) };
      d = digestOf(encodeOp(op, inputs, v.platform));
    }
    map.set(v.digest, d);
    console.log(theirs.has(d) ? 'SAME ' : 'DIFF ', c.names.get(v.digest));
  }
  for (const h of c.image.history) console.log(h.createdBy, h.emptyLayer);
});
