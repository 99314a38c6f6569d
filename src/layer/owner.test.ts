import { expect, test } from 'vitest';
import { lookupOwner, type OwnerName } from './owner.ts';

const files = {
  passwd:
    'root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\napp:x:1000:1001::/home/app:/bin/sh\napp:x:7:7::/:/bin/sh\nbad:x:minus:1::/:/\n',
  group: 'root:x:0:\nstaff:x:50:app,root\n',
};
const id = (number: number): OwnerName => ({ kind: 'id', id: number });
const name = (text: string): OwnerName => ({ kind: 'name', name: text });

test.for<[what: string, user: OwnerName | undefined, group: OwnerName | undefined, uid: number, gid: number]>([
  ['DF-COPY-18 a pair of numbers', id(5), id(6), 5, 6],
  ['DF-COPY-18 a user by number lends its number', id(5), undefined, 5, 5],
  ['DF-COPY-19 a user by name brings its group', name('app'), undefined, 1000, 1001],
  ['DF-COPY-19 a group by name', name('app'), name('staff'), 1000, 50],
  ['DF-COPY-19 an unknown user is 0', name('nobody'), undefined, 0, 0],
  ['DF-COPY-19 an unknown group leaves that of the user', id(5), name('nobody'), 5, 5],
  ['DF-COPY-19 an unknown group leaves the primary group', name('app'), name('nobody'), 1000, 1001],
  ['DF-COPY-19 a line that is no account counts as none', name('bad'), undefined, 0, 0],
  ['a group alone', undefined, name('staff'), 0, 50],
])('%s', ([, user, group, uid, gid]) => {
  expect(lookupOwner({ user, group }, files)).toEqual({ uid, gid });
});

test('DF-COPY-19 without account files every name is 0', () => {
  expect(lookupOwner({ user: name('app'), group: name('staff') }, {})).toEqual({ uid: 0, gid: 0 });
});
