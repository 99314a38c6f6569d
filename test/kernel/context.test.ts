import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { build } from '../../src/build/index.ts';
import { mount, umount } from '../../src/native/index.ts';
import { needs } from './support/needs.ts';
import { scratchDirectory } from './support/rootfs.ts';

const nobody = 65_534;

needs('root').test('a file of the context that may not be read is named, and may be excluded', async () => {
  using scratch = scratchDirectory();
  chmodSync(scratch.path, 0o755);
  const [context, root] = [scratch.make('context'), scratch.make('store')];
  chownSync(root, nobody, nobody);
  mkdirSync(join(context, 'closed'), { mode: 0o700 });
  writeFileSync(join(context, 'secret'), 'x', { mode: 0o600 });
  writeFileSync(join(context, 'open'), 'x');
  const dest = join(root, 'out.tar');
  const run = (copy: string): Promise<unknown> =>
    build({
      dockerfile: `FROM scratch\nCOPY ${copy} /\n`,
      context,
      engine: { root: join(root, 's') },
      outputs: [{ type: 'tar', dest }],
    });
  process.seteuid?.(nobody);
  try {
    await expect(run('secret')).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining('`secret`'),
    });
    await expect(run('.')).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', message: expect.stringContaining('`closed`') });
    await run('open');
    process.seteuid?.(0);
    writeFileSync(join(context, '.dockerignore'), 'secret\nclosed\n.dockerignore\n');
    process.seteuid?.(nobody);
    await run('.');
  } finally {
    process.seteuid?.(0);
  }
});

needs('root').test('an output on a full disk fails as such, and leaves what was there', async () => {
  using scratch = scratchDirectory();
  const small = scratch.make('small');
  const context = scratch.make('context');
  writeFileSync(join(context, 'big'), Buffer.alloc(2 << 20, 'x'));
  mount('tmpfs', small, 'tmpfs', 0, 'size=512k');
  try {
    const dest = join(small, 'out.tar');
    writeFileSync(dest, 'old');
    const options = { dockerfile: 'FROM scratch\nCOPY big /\n', context, engine: { root: scratch.make('store') } };
    for (const type of ['tar', 'oci'] as const) {
      const outputs = [{ type, dest, compression: 'uncompressed' as const }];
      await expect(build({ ...options, outputs })).rejects.toMatchObject({ code: 'STORE_NO_SPACE', class: 'resource' });
      expect([readdirSync(small), readFileSync(dest, 'utf8')]).toEqual([['out.tar'], 'old']);
    }
  } finally {
    umount(small);
  }
});
