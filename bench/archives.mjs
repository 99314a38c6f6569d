// Archives of many small files, written without any builder's help.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const blockBytes = 512;

/** One member of a ustar archive, padded. */
function member(name, data) {
  const header = Buffer.alloc(blockBytes);
  const octal = (value, length) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(name.endsWith('/') ? 0o755 : 0o644, 8), 100);
  for (const at of [108, 116]) header.write(octal(0, 8), at);
  header.write(octal(data.length, 12), 124);
  header.write(octal(1_600_000_000, 12), 136);
  header.write(' '.repeat(8), 148);
  header.write(name.endsWith('/') ? '5' : '0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc(-data.length & (blockBytes - 1))]);
}

function archive(members) {
  return Buffer.concat([...members.map(([name, data]) => member(name, data)), Buffer.alloc(2 * blockBytes)]);
}

/** `folders` folders of 100 small files, whose bytes hold `salt`. */
function manyFiles(folders, salt) {
  const members = [];
  for (let folder = 0; folder < folders; folder++) {
    members.push([`d${folder}/`, Buffer.alloc(0)]);
    for (let file = 0; file < 100; file++) members.push([`d${folder}/f${file}`, Buffer.from(`${salt} ${folder} ${file}\n`)]);
  }
  return archive(members);
}

/** A plain tar of files. */
export function writeTar(context, folders, salt) {
  writeFileSync(join(context, 'files.tar'), manyFiles(folders, salt));
}

/** What `docker save` would write of an image with one such layer. */
export function writeImageArchive(context, folders, salt) {
  const layer = manyFiles(folders, salt);
  const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const architecture = { x64: 'amd64' }[process.arch] ?? process.arch;
  const created = '2020-09-13T12:26:40Z';
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created,
      config: { Cmd: ['/d0/f0'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest(layer)}`] },
      history: [{ created, created_by: 'bench' }],
    }),
  );
  const configName = `${digest(config)}.json`;
  const manifest = [{ Config: configName, RepoTags: ['localhost/slipway-bench-load:latest'], Layers: ['layer.tar'] }];
  const image = archive([
    [configName, config],
    ['layer.tar', layer],
    ['manifest.json', Buffer.from(JSON.stringify(manifest))],
  ]);
  writeFileSync(join(context, 'image.tar'), image);
}
