import { expect, test } from 'vitest';
import { SlipwayError } from '../base/index.ts';
import { expandWord } from './expand.ts';
import type { Word } from './instruction.ts';
import { parseMount, type RunMount, splitMount } from './mount.ts';

const span = { file: 'Dockerfile', start: { line: 2, column: 13 }, end: { line: 2, column: 40 } };
const values: Readonly<Record<string, string>> = { x: '/from/x', t: 'cache' };

function parse(text: string): RunMount {
  const word: Word = { text, span };
  return parseMount(splitMount(word), (value) => expandWord(value, (name) => values[name]).value);
}

const rootOnly = { mode: 0o400, uid: 0, gid: 0 };

test.for<[string, Record<string, unknown>]>([
  ['target=/x', { type: 'bind', target: '/x', source: '/', from: undefined, isReadonly: true }],
  ['type=bind,dst=x,src=/a,from=base,rw', { type: 'bind', target: 'x', source: '/a', from: 'base', isReadonly: false }],
  ['type=bind,destination=/x,readwrite=false', { type: 'bind', target: '/x', isReadonly: true }],
  ['type=cache,target=/a//b/../c/', { type: 'cache', id: '/a/c', sharing: 'shared', isReadonly: false, info: undefined }],
  ['type=cache,target=rel/./x', { type: 'cache', id: 'rel/x', target: 'rel/./x' }],
  [
    'TYPE=Cache,Target=/x,ID=me,sharing=LOCKED,ro,uid=7',
    { id: 'me', sharing: 'locked', isReadonly: true, info: { mode: 0o755, uid: 7, gid: 0 } },
  ],
  ['type=tmpfs,target=/t,size=128m', { type: 'tmpfs', sizeBytes: 134_217_728, isReadonly: false }],
  ['type=tmpfs,target=/t,size=1.5GiB', { sizeBytes: 1_610_612_736 }],
  ['type=tmpfs,target=/t,size=4096', { sizeBytes: 4096 }],
  ['type=secret,id=a', { type: 'secret', id: 'a', target: '/run/secrets/a', env: undefined, isRequired: false, info: rootOnly }],
  ['type=secret,src=dir/b', { id: 'dir/b', target: '/run/secrets/b' }],
  ['type=secret,target=/etc/key', { id: 'key', target: '/etc/key' }],
  ['type=secret,id=a,env=TOKEN,required', { id: 'a', target: undefined, env: 'TOKEN', isRequired: true }],
  [
    'type=secret,id=a,env=TOKEN,target=/f,mode=0440,required=false',
    { target: '/f', env: 'TOKEN', info: { mode: 0o440, uid: 0, gid: 0 } },
  ],
  ['type=ssh', { type: 'ssh', id: 'default', target: undefined, isRequired: false, info: { mode: 0o600, uid: 0, gid: 0 } }],
  ['type=ssh,id=me,target=/s,required=1', { id: 'me', target: '/s', isRequired: true }],
  ['type=$t,target=$x,id=a', { type: 'cache', target: '/from/x' }],
  ['type=bind,"target=/a,b"', { target: '/a,b' }],
])('DF-RUN-12 parseMount() reads %s', ([text, expected]) => {
  expect(parse(text)).toMatchObject(expected);
});

test.for([
  ['type=bnd,target=/x', 'DF_BAD_MOUNT', 'unsupported mount type "bnd" (did you mean bind?)'],
  ['tpye=bind', 'DF_BAD_MOUNT', "unexpected key 'tpye' in 'tpye=bind' (did you mean type?)"],
  ['type=bind,sharing=locked', 'DF_BAD_MOUNT', 'invalid cache sharing set for bind mount'],
  ['type=cache,sharing=open', 'DF_BAD_MOUNT', 'unsupported sharing value "open"'],
  ['target', 'DF_BAD_MOUNT', "invalid field 'target' must be a key=value pair"],
  ['target=/x,ro=maybe', 'DF_BAD_MOUNT', 'invalid value for ro: maybe'],
  ['size=1,type=tmpfs', 'DF_BAD_MOUNT', "unexpected key 'size' for mount type 'bind'"],
  ['required,type=secret,id=a', 'DF_BAD_MOUNT', "unexpected key 'required' for mount type 'bind'"],
  ['type=tmpfs,size=lots', 'DF_BAD_MOUNT', 'invalid value for size: lots'],
  ['type=cache,mode=9', 'DF_BAD_MOUNT', 'invalid value 9 for mode'],
  ['type=cache,uid=-1', 'DF_BAD_MOUNT', 'invalid value -1 for uid'],
  ['type=bind,mode=0700', 'DF_BAD_MOUNT', 'mode not allowed for "bind" type mounts'],
  ['type=tmpfs,gid=3', 'DF_BAD_MOUNT', 'gid not allowed for "tmpfs" type mounts'],
  ['type=secret', 'DF_BAD_MOUNT', 'invalid secret mount. one of source, target required'],
  ['type=secret,id=a,from=x', 'DF_BAD_MOUNT', 'secret mount should not have a from'],
  ['type=ssh,source=x', 'DF_BAD_MOUNT', 'ssh does not support source'],
  ['from=$x,target=/y', 'DF_FROM_VARIABLE', "'from' doesn't support variable expansion, define alias stage instead"],
  ['target="/x', 'DF_BAD_CSV', 'bare " in the field target="/x'],
  ['"target=/x', 'DF_BAD_CSV', 'extraneous or missing " in a quoted field'],
])('DF-RUN-22 parseMount() refuses %s', ([text = '', code, message]) => {
  expect(() => parse(text)).toThrow(SlipwayError);
  try {
    parse(text);
  } catch (error) {
    expect(error).toMatchObject({ code, message, at: span });
  }
});

test('splitMount() keeps values unexpanded and keys in lower case', () => {
  const raw = splitMount({ text: 'Type=$t,RO,from=base', span });
  expect(raw.fields).toEqual([
    { key: 'type', value: '$t' },
    { key: 'ro', value: undefined },
    { key: 'from', value: 'base' },
  ]);
  expect(raw.from).toBe('base');
});

test('DF-RUN-20 parseMount() refuses a secret with two names, in either order', () => {
  for (const text of ['type=secret,id=a,source=b', 'type=secret,src=b,id=a', 'src=a,type=secret,id=a']) {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'DF_BAD_MOUNT', message: "both source and id can't be set", at: span }) as Error,
    );
  }
});
