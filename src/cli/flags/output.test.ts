import { describe, expect, test } from 'vitest';
import type { Output } from '../ports.ts';
import { parseOutput, type TagsOf } from './output.ts';

const tags = ['app:1'];
const tagsOf: TagsOf = (target) => (target === undefined ? tags : [`${target}:1`]);

describe('parseOutput()', () => {
  test.for<[string, Output]>([
    ['out', { type: 'local', dest: 'out' }],
    ['-', { type: 'tar', dest: '-' }],
    ['a=b', { type: 'local', dest: 'a=b' }],
    ['type=local,dest=out', { type: 'local', dest: 'out' }],
    ['type=local,"dest=a,b"', { type: 'local', dest: 'a,b' }],
    ['TYPE=tar,dest=x.tar', { type: 'tar', dest: 'x.tar' }],
    ['type=tar', { type: 'tar', dest: '-' }],
    ['type=oci,dest=x.tar', { type: 'oci', dest: 'x.tar', names: tags, tar: true }],
    ['type=oci,dest=x,tar=false', { type: 'oci', dest: 'x', names: tags, tar: false }],
    ['type=docker,dest=-,compression=gzip', { type: 'docker', dest: '-', names: tags, tar: true, compression: 'gzip' }],
    ['type=oci,"name=a:1,b:2",dest=x', { type: 'oci', dest: 'x', names: ['a:1', 'b:2'], tar: true }],
    ['type=docker', { type: 'image', names: tags }],
    ['type=image', { type: 'image', names: tags, push: false }],
    ['type=image,name=r.test/x:1,push=true', { type: 'image', names: ['r.test/x:1'], push: true }],
    ['type=registry', { type: 'image', names: tags, push: true }],
    [
      'type=image,store=0,unpack=,name-canonical=true,dangling-name-prefix=x,danging-name-empty-only=1,push-by-digest=t',
      {
        type: 'image',
        names: tags,
        push: false,
        store: false,
        unpack: true,
        nameCanonical: true,
        danglingNamePrefix: 'x',
        danglingNameEmptyOnly: true,
        pushByDigest: true,
      },
    ],
    [
      'type=oci,dest=x,compression=zstd,compression-level=19,force-compression=true,oci-mediatypes=0,oci-artifact=false',
      {
        type: 'oci',
        dest: 'x',
        names: tags,
        tar: true,
        compression: 'zstd',
        compressionLevel: 19,
        forceCompression: true,
        ociMediaTypes: false,
      },
    ],
    [
      'type=docker,dest=x,rewrite-timestamp=true,source-date-epoch=-5,prefer-nondist-layers=true',
      {
        type: 'docker',
        dest: 'x',
        names: tags,
        tar: true,
        rewriteTimestamp: true,
        sourceDateEpoch: -5,
        preferNondistLayers: true,
      },
    ],
    ['type=local,dest=x,source-date-epoch=,mode=delete', { type: 'local', dest: 'x', sourceDateEpoch: null, mode: 'delete' }],
    ['type=tar,dest=x,source-date-epoch=7,platform-split=false', { type: 'tar', dest: 'x', sourceDateEpoch: 7 }],
    [
      'type=oci,dest=x,annotation.a.b=1,annotation-manifest-descriptor[linux/amd64].c=2',
      {
        type: 'oci',
        dest: 'x',
        names: tags,
        tar: true,
        annotations: [
          { level: 'manifest', key: 'a.b', value: '1' },
          { level: 'manifest-descriptor', platform: 'linux/amd64', key: 'c', value: '2' },
        ],
      },
    ],
    ['type=cacheonly', { type: 'cacheonly' }],
    ['type=oci,target=Test,dest=x', { type: 'oci', dest: 'x', names: ['test:1'], tar: true, target: 'test' }],
    ['type=local,dest=out,target=docs', { type: 'local', dest: 'out', target: 'docs' }],
  ])('takes %s', ([value, want]) => expect(parseOutput(value, tagsOf)).toEqual(want));

  test.for<[string, string, string]>([
    ['dest=out,x=y', 'CLI_BAD_OUTPUT', 'type is required for output'],
    ['type=local,out', 'CLI_BAD_OUTPUT', 'invalid value out'],
    ['type=local', 'CLI_BAD_OUTPUT', 'dest is required for local exporter'],
    ['type=local,dest=-', 'CLI_BAD_OUTPUT', 'dest cannot be stdout for local exporter'],
    ['type=tra', 'CLI_BAD_OUTPUT', '`tra` is not an output type'],
    ['type=toString', 'CLI_BAD_OUTPUT', '`toString` is not an output type'],
    ['type=oci,dset=x', 'CLI_BAD_OUTPUT', '`dset` is not an attribute of `--output type=oci`'],
    ['type=tar,push=true', 'CLI_BAD_OUTPUT', '`push` is not an attribute of `--output type=tar`'],
    [
      'type=oci,dest=x,compression=estargz',
      'CLI_NOT_SUPPORTED',
      '`compression=estargz` is not supported: layers are written for engines that read them whole',
    ],
    [
      'type=oci,dest=x,compression=estargz,oci-mediatypes=false',
      'CLI_BAD_OUTPUT',
      'exporter option "compression=estargz" conflicts with "oci-mediatypes=false"',
    ],
    [
      'type=oci,dest=x,oci-artifact=true,oci-mediatypes=false',
      'CLI_BAD_OUTPUT',
      'exporter option "oci-artifact=true" conflicts with "oci-mediatypes=false"',
    ],
    ['type=oci,dest=x,compression=lz4', 'CLI_BAD_OUTPUT', 'unsupported compression type lz4'],
    ['type=oci,dest=x,compression-level=best', 'CLI_BAD_OUTPUT', '`best` is not a compression level'],
    ['type=oci,dest=x,source-date-epoch=yesterday', 'CLI_BAD_OUTPUT', 'invalid source-date-epoch: yesterday'],
    ['type=oci,dest=x,annotation-manifets.a=b', 'CLI_BAD_FLAG_VALUE', 'unknown annotation type "manifets"'],
    ['type=local,dest=x,mode=mirror', 'CLI_BAD_OUTPUT', '`mirror` is not a mode of the local exporter'],
    ['type=local,dest=x,annotation.a=b', 'CLI_BAD_OUTPUT', '`annotation.a` is not an attribute of `--output type=local`'],
    ['type=tar,platform-split=true', 'CLI_NOT_SUPPORTED', '`platform-split=true` is not supported yet'],
    ['type=oci,tar=false', 'CLI_BAD_OUTPUT', 'dest cannot be stdout for oci exporter with tar=false'],
  ])('refuses %s', ([value, code, message]) => {
    expect(() => parseOutput(value, tagsOf)).toThrow(expect.objectContaining({ code, message }));
  });
});
