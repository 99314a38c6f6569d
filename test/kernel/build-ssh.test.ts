import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { Scope } from '../../src/base/index.ts';
import { agentSocket } from '../../src/ops/ssh.ts';
import { readAgentKey } from '../../src/ssh/index.ts';
import { importBaseImages } from './support/base-images.ts';
import { Builder } from './support/builder.ts';
import { missing, needs } from './support/needs.ts';
import { mountsBelow } from './support/rootfs.ts';
import { copyPrograms, makeKey, startAgent } from './support/ssh-keys.ts';

const kernel = needs('root', 'overlayfs', 'oci-runtime', 'ssh');
let builder: Builder;
let tools = '';
beforeAll(async () => {
  builder = await Builder.open();
  tools = join(builder.scratch, 'tools');
  mkdirSync(tools);
  if ((await missing('ssh')) === undefined) copyPrograms(['ssh-add', 'ssh-keygen'], tools);
});
afterAll(() => {
  expect(mountsBelow(builder.scratch)).toEqual([]);
  builder[Symbol.dispose]();
});

const withTools = 'FROM base-image\nCOPY . /';

kernel.test('DF-RUN-21 a step signs with key files of every kind, and cannot see the keys themselves', async () => {
  const keys = [
    makeKey(join(builder.scratch, 'ed25519'), '-t', 'ed25519'),
    makeKey(join(builder.scratch, 'ecdsa'), '-t', 'ecdsa', '-b', '521'),
    makeKey(join(builder.scratch, 'rsa'), '-t', 'rsa', '-b', '2048'),
    makeKey(join(builder.scratch, 'pem'), '-t', 'rsa', '-b', '2048', '-m', 'PEM'),
  ];
  const publicKeys = keys.map(({ publicKey }) => publicKey);
  const { text } = await builder.build(
    `${withTools}
RUN --mount=type=ssh ssh-add -L | tee /keys | while read type key rest; do echo "$type $key" > /tmp/k.pub; echo text > /m; \
      ssh-keygen -q -Y sign -f /tmp/k.pub -n test /m && mv /m.sig /sig-$(echo "$key" | md5sum | cut -c1-8); done; echo "$SSH_AUTH_SOCK" > /where`,
    { context: tools, ssh: { default: keys.map(({ file }) => file) } },
  );
  expect(
    text('keys')
      ?.trim()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(publicKeys);
  expect(text('where')).toBe('/run/buildkit/ssh_agent.0\n');
  const signers = join(builder.scratch, 'signers');
  writeFileSync(signers, publicKeys.map((key) => `me ${key}\n`).join(''));
  for (const key of publicKeys) {
    const sum = execFileSync('md5sum', { input: `${key.split(' ')[1]}\n`, encoding: 'utf8' }).slice(0, 8);
    const signature = join(builder.scratch, `signature-${sum}`);
    writeFileSync(signature, text(`sig-${sum}`) ?? '');
    const verify = ['-Y', 'verify', '-f', signers, '-I', 'me', '-n', 'test', '-s', signature];
    expect(execFileSync('ssh-keygen', verify, { input: 'text\n', encoding: 'utf8' })).toMatch(/^Good "test" signature/);
  }
});

kernel.test('DF-RUN-21 a step uses the agent of the user, but can neither add keys to it nor take some away', async () => {
  const socket = join(builder.scratch, 'agent');
  await using _agent = await startAgent(socket);
  const ours = makeKey(join(builder.scratch, 'ours'), '-t', 'ed25519');
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  execFileSync('ssh-add', ['-q', ours.file], { env, stdio: 'ignore' });
  const { text, log } = await builder.build(
    `${withTools}
RUN --mount=type=ssh,id=work ssh-add -L > /keys; ssh-keygen -q -t ed25519 -N "" -f /k; ssh-add /k || echo "not added"; ssh-add -D || echo "not removed"`,
    { context: tools, ssh: { work: socket } },
  );
  expect(text('keys')).toBe(`${ours.publicKey} somebody@somewhere\n`);
  expect(log).toMatch(/not added[\s\S]*not removed/);
  expect(execFileSync('ssh-add', ['-L'], { env, encoding: 'utf8' })).toBe(`${ours.publicKey} somebody@somewhere\n`);
});

kernel.test(
  'DF-RUN-21 a socket is where it should be, with its owner and mode; a missing agent is an error only when required',
  async () => {
    const key = makeKey(join(builder.scratch, 'socket-key'), '-t', 'ed25519');
    const { text } = await builder.build(
      `FROM base-image
WORKDIR /w
RUN --mount=type=ssh,target=rel/s,mode=0666,uid=5,gid=6 stat -c "%F %a %u:%g" /w/rel/s > /1; echo $SSH_AUTH_SOCK >> /1
RUN --mount=type=ssh --mount=type=ssh,id=b stat -c "%n %F %a %u:%g" /run/buildkit/* > /2; echo $SSH_AUTH_SOCK >> /2
RUN --mount=type=ssh,id=none ls /run/buildkit 2>/dev/null; echo $SSH_AUTH_SOCK > /3
ENV SSH_AUTH_SOCK=/mine
RUN --mount=type=ssh echo $SSH_AUTH_SOCK > /4; ls -d /w/rel /run/buildkit 2>/dev/null >> /4; true`,
      { ssh: { default: key.file, b: [key.file] } },
    );
    expect(text('1')).toBe('socket 666 5:6\n/w/rel/s\n');
    const plain = 'socket 600 0:0';
    const sockets = [0, 1].map((number) => `/run/buildkit/ssh_agent.${number}`);
    expect(text('2')).toBe(`${sockets.map((path) => `${path} ${plain}\n`).join('')}${sockets[0]}\n`);
    expect([text('3'), text('4')]).toEqual(['/run/buildkit/ssh_agent.0\n', '/mine\n/run/buildkit\n']);
    const { error } = await builder.fail('FROM base-image\nRUN --mount=type=ssh,id=none,required true');
    expect(error).toMatchObject({ code: 'OPS_NO_SSH', message: 'ssh none: not found', at: { start: { line: 2 } } });
  },
);

kernel.test('DF-RUN-21 a store in a place with a long name is no obstacle', async () => {
  const engine = { root: join(builder.scratch, 'long-'.repeat(24), 'store') };
  const images = join(builder.scratch, 'long-images');
  mkdirSync(images);
  await importBaseImages(engine, images);
  const key = makeKey(join(builder.scratch, 'long-key'), '-t', 'ed25519');
  const text = 'FROM base-image\nRUN --mount=type=ssh,required test -S $SSH_AUTH_SOCK';
  expect((await builder.build(text, { engine, ssh: { default: key.file } })).ran).toHaveLength(1);
});

kernel.test('CLI-04 agents that cannot be used are refused before anything else', async () => {
  const key = makeKey(join(builder.scratch, 'refused'), '-t', 'ed25519');
  const locked = join(builder.scratch, 'locked');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', locked]);
  const socket = join(builder.scratch, 'refusing-agent');
  await using _agent = await startAgent(socket);
  const refused = async (...paths: readonly string[]): Promise<object> => {
    const { error, events } = await builder.fail('FROM base-image', { ssh: { default: paths } });
    expect(events).toEqual([]);
    return { code: error.code, message: error.message.replaceAll(builder.scratch, '') };
  };
  expect(await refused(locked)).toEqual({
    code: 'SSH_ENCRYPTED_KEY',
    message: 'failed to parse /locked: this private key is passphrase protected',
  });
  expect(await refused(`${key.file}.pub`)).toEqual({
    code: 'SSH_BAD_KEY',
    message: 'failed to parse /refused.pub: this is a public key',
  });
  expect(await refused(key.file, socket)).toEqual({ code: 'BUILD_BAD_SSH', message: 'invalid combination of keys and sockets' });
  expect(await refused(socket, socket)).toEqual({ code: 'BUILD_BAD_SSH', message: 'only single socket allowed' });
  expect(await refused('/nowhere')).toMatchObject({ code: 'BUILD_BAD_SSH' });
  expect(await refused('/')).toMatchObject({ code: 'BUILD_BAD_SSH', message: '`/` is neither a socket nor a key file' });
});

kernel.test('an agent of our own serves programs of the machine as long as it is needed', async () => {
  const { file, publicKey } = makeKey(join(builder.scratch, 'for-git'), '-t', 'ed25519');
  const keys = [readAgentKey(readFileSync(file))];
  const list = async (socket: string): Promise<string> =>
    (await promisify(execFile)('ssh-add', ['-L'], { env: { ...process.env, SSH_AUTH_SOCK: socket } })).stdout;
  const scope = new Scope();
  const socket = await agentSocket({ kind: 'keys', keys }, scope);
  expect((await list(socket)).trim()).toBe(publicKey);
  await scope[Symbol.asyncDispose]();
  expect(existsSync(socket)).toBe(false);
  expect(existsSync(dirname(socket))).toBe(false);
});
