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
    ['type=image,store=1,oci-mediatypes=true', { type: 'image', names: tags, push: false }],
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
    ['type=image,push-by-digest=true', 'CLI_NOT_SUPPORTED', '`--output type=image` does not support `push-by-digest=true` yet'],
    [
      'type=oci,dest=x,oci-mediatypes=false',
      'CLI_NOT_SUPPORTED',
      '`--output type=oci` does not support `oci-mediatypes=false` yet',
    ],
    ['type=oci,dest=x,compression=zstd', 'CLI_NOT_SUPPORTED', '`compression=zstd` is not supported yet'],
    ['type=oci,tar=false', 'CLI_BAD_OUTPUT', 'dest cannot be stdout for oci exporter with tar=false'],
  ])('refuses %s', ([value, code, message]) => {
    expect(() => parseOutput(value, tagsOf)).toThrow(expect.objectContaining({ code, message }));
  });
});
