import { describe, expect, test } from 'vitest';
import { resolveUser } from './users.ts';

const passwd = `# comment
root:x:0:0:root:/root:/bin/sh
app:x:1000:1001::/home/app:/bin/sh
bare:x:1002:1002
12:x:77:77::/numeric:/bin/sh
`;
const group = `root:x:0:
app:x:1001:
docker:x:998:other,app
wheel:x:10:app,root
`;

describe('resolveUser()', () => {
  test.for([
    ['', 0, 0, [0], '/root'],
    ['root', 0, 0, [0, 10], '/root'],
    ['0', 0, 0, [0, 10], '/root'],
    ['app', 1000, 1001, [1001, 998, 10], '/home/app'],
    ['1000', 1000, 1001, [1001, 998, 10], '/home/app'],
    ['app:wheel', 1000, 10, [10], '/home/app'],
    ['app:4242', 1000, 4242, [4242], '/home/app'],
    ['1000:1001', 1000, 1001, [1001], '/home/app'],
    ['root:root', 0, 0, [0], '/root'],
    ['root:5', 0, 5, [5], '/root'],
    ['5555', 5555, 0, [0], '/'],
    ['5555:wheel', 5555, 10, [10], '/'],
    ['12', 12, 0, [0], '/'],
    ['bare', 1002, 1002, [1002], '/'],
    [':wheel', 0, 10, [10], '/root'],
  ] as const)('takes `%s` as %i:%i', ([user, uid, gid, additionalGids, home]) => {
    expect(resolveUser(user, passwd, group)).toEqual({ uid, gid, additionalGids, home });
  });

  test.for([
    ['nobody', 'SANDBOX_UNKNOWN_USER', 'unable to find user nobody: no matching entries in passwd file'],
    ['app:staff', 'SANDBOX_UNKNOWN_GROUP', 'unable to find group staff: no matching entries in group file'],
    ['3000000000', 'SANDBOX_BAD_ID', 'uids and gids must be in range 0-2147483647'],
    ['1:-1', 'SANDBOX_BAD_ID', 'uids and gids must be in range 0-2147483647'],
  ] as const)('refuses `%s`', ([user, code, message]) => {
    expect(() => resolveUser(user, passwd, group)).toThrow(expect.objectContaining({ code, message }));
  });

  test('needs no files for numbers, and misses them for names', () => {
    expect(resolveUser('7:8', undefined, undefined)).toEqual({ uid: 7, gid: 8, additionalGids: [8], home: '/' });
    expect(() => resolveUser('app', undefined, undefined)).toThrow(expect.objectContaining({ code: 'SANDBOX_UNKNOWN_USER' }));
  });
});
