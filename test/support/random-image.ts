/** A build at random: what a folder of testdata/images holds. */
export interface RandomImage {
  /** Its instructions, each a line or several. */
  readonly dockerfile: readonly string[];
  /** Lines of context.sh. */
  readonly context: readonly string[];
}

/** The same build for the same seed. Not all of it may be possible. */
export function randomImage(seed: number): RandomImage {
  const dice = diceOf(seed);
  const context = contextLines(dice);
  const dockerfile: string[] = [];
  if (dice.chance(0.3)) dockerfile.push('ARG BASE=base-image', 'ARG WORD=global');
  const stages: Stage[] = [];
  for (let left = dice.between(1, 3); left > 0; left--) stages.push(stage(dice, { files: context.files, stages }, dockerfile));
  return { dockerfile, context: context.lines };
}

/** The build without the instruction at a line of its Dockerfile, 1-based. */
export function withoutLine({ dockerfile, context }: RandomImage, line: number): RandomImage {
  let first = 1;
  const kept = dockerfile.filter((instruction) => {
    const next = first + instruction.split('\n').length;
    const isHit = first <= line && line < next;
    first = next;
    return !isHit;
  });
  return { dockerfile: kept, context };
}

interface Dice {
  readonly seed: number;
  readonly chance: (probability: number) => boolean;
  readonly between: (low: number, high: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
  readonly times: (low: number, high: number, make: () => string) => string[];
}

/** @see mulberry32 */
function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 8; warm++) next();
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    seed,
    between,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new Error('there is nothing to pick from');
      return item;
    },
    times: (low, high, make) => Array.from({ length: between(low, high) }, make),
  };
}

// Few names, so that things meet.
const names = ['a', 'b', 'c', 'd.txt', 'e.md', '.f'];
const tops = ['a', 'b', 'c', 'opt', 'srv', 'tmp', 'a', 'b'];
const words = ['one', 'two', 'three'];
const modes = ['0', '600', '640', '755', '700', '1777', '2755', '4711', '444'];

function relative(dice: Dice): string {
  return dice.times(1, 3, () => dice.pick(names)).join('/');
}

function absolute(dice: Dice): string {
  return `/${[dice.pick(tops), ...dice.times(0, 2, () => dice.pick(names))].join('/')}`;
}

function linkTarget(dice: Dice): string {
  return dice.pick([absolute(dice), relative(dice), `../${relative(dice)}`, '.', '/', '..', '/nowhere/at-all', absolute(dice)]);
}

function pattern(dice: Dice): string {
  return dice.pick([
    dice.pick(names),
    relative(dice),
    '*',
    '*.txt',
    '**/*.md',
    '?',
    '[a-b]',
    'a*',
    '*/b',
    '**/c',
    'a/**',
    '[^a]',
    '.*',
  ]);
}

interface Context {
  readonly lines: readonly string[];
  /** What is likely to be there. */
  readonly files: readonly string[];
}

function contextLines(dice: Dice): Context {
  const files = ['a', 'a/b', 'b/c', 'c', 'a/d.txt', 'b/e.md'];
  const line = (): string => {
    const path = `${dice.pick(['', '', 'a/', 'b/', 'c/', 'a/b/'])}${dice.pick(names)}`;
    files.push(path);
    return dice.pick([
      `mkdir -p ${path}`,
      `mkdir -p ${path}`,
      `echo ${dice.pick(words)} > ${path}`,
      `echo ${dice.pick(words)} > ${path}`,
      `echo ${dice.pick(words)} > ${path}`,
      `true > ${path}`,
      `ln -s ${linkTarget(dice)} ${path}`,
      `ln ${dice.pick(files)} ${path}`,
      `chmod ${dice.pick(modes)} ${path}`,
      // Nobody writes to a pipe, or reads it: that would wait for ever.
      `mkfifo ${path}-pipe`,
    ]);
  };
  const lines = ['mkdir -p a/b b/c c', 'echo one > a/d.txt', 'echo two > b/e.md'];
  lines.push(...dice.times(2, 12, line));
  if (dice.chance(0.4)) files.push('t.tar', 't.tar', 't.tar');
  if (files.includes('t.tar'))
    lines.push(`tar cf t.tar --exclude=t.tar --owner=${dice.pick(['0', '7'])} --group=0 ${dice.pick(['.', '*'])}`);
  if (dice.chance(0.2)) {
    const rules = dice.times(1, 3, () => dice.pick(['', '', '!', '/', '!/']) + pattern(dice));
    lines.push(`printf '%s\\n' ${rules.map((rule) => `'${rule}'`).join(' ')} > .dockerignore`);
  }
  // What cannot be done is left out.
  return { files, lines: lines.map((each) => `{ ${each}; } 2> /dev/null || true`) };
}

interface Stage {
  readonly name: string;
  /** `RUN` needs one. */
  readonly hasShell: boolean;
  /** What is likely to be there. */
  readonly paths: string[];
}

/** What an instruction can take from. */
interface Sources {
  readonly files: readonly string[];
  readonly stages: Stage[];
}

function stage(dice: Dice, sources: Sources, lines: string[]): Stage {
  const earlier = [...sources.stages];
  const given = lines[0] === 'ARG BASE=base-image' ? ['$BASE', '${BASE}'] : [];
  const bases = ['base-image', 'base-image', 'base-image', 'service-image', 'scratch', ...given];
  const base = dice.pick([...bases, ...earlier.map((each) => each.name)]);
  const parent = earlier.find((each) => each.name === base);
  const hasShell = base !== 'scratch' && parent?.hasShell !== false;
  const made: Stage = {
    name: `s${earlier.length}`,
    hasShell,
    paths: [...(parent?.paths ?? (hasShell ? ['/srv', '/opt', '/etc'] : []))],
  };
  lines.push(`FROM ${base} AS ${made.name}`);
  for (let left = dice.between(2, 7); left > 0; left--) lines.push(instruction(dice, made, sources));
  return made;
}

function instruction(dice: Dice, at: Stage, sources: Sources): string {
  const kind = dice.between(0, 99);
  if (kind < 40) return copy(dice, at, sources);
  if (kind < 46) return heredocCopy(dice, at);
  if (kind < 76) return at.hasShell ? run(dice, at, sources) : copy(dice, at, sources);
  if (kind < 81)
    return `WORKDIR ${dice.pick([place(dice, at), `${place(dice, at)}/`, '.n/x', '$WORD', '/$A/x', '..', '/', 'w'])}`;
  if (kind < 84)
    return `USER ${dice.pick(['app', '1000', '0', 'root', 'root', '7:8', 'nobody:extra', 'app:2000', ':3', 'daemon'])}`;
  if (kind < 87)
    return `ONBUILD ${dice.pick([copy(dice, at, { ...sources, stages: [] }), `ENV O=${value(dice)}`, setting(dice)])}`;
  return setting(dice);
}

/** A destination: most often a new one, or below what is there. */
function place(dice: Dice, at: Stage): string {
  const below = `${at.paths.length > 0 ? dice.pick(at.paths) : ''}/${dice.pick(names)}`;
  const path = dice.pick([`/n${at.paths.length}`, `/n${at.paths.length}/x`, below, below, absolute(dice)]);
  at.paths.push(path);
  return path;
}

function from(dice: Dice, { stages }: Sources): Stage | undefined {
  return stages.length > 0 && dice.chance(0.5) ? dice.pick(stages.filter(({ paths }) => paths.length > 0)) : undefined;
}

function ownership(dice: Dice, { hasShell }: Stage, isLinked: boolean): string[] {
  const flags: string[] = [];
  const named = hasShell && !isLinked ? ['app', 'app:extra', 'nobody', '7:extra', '$OWNER'] : [];
  if (dice.chance(0.2)) flags.push(`--chown=${dice.pick(['1:2', '1000', '0:0', ...named])}`);
  if (dice.chance(0.2)) flags.push(`--chmod=${dice.pick([...modes, 'u=rwX,go=rX', 'a+x', 'go-rwx', 'u+s', '$MODE'])}`);
  return flags;
}

function copy(dice: Dice, at: Stage, sources: Sources): string {
  const other = from(dice, sources);
  const command = other === undefined && dice.chance(0.25) ? 'ADD' : 'COPY';
  const isLinked = dice.chance(0.2);
  const flags = ownership(dice, at, isLinked);
  if (other !== undefined) flags.push(`--from=${dice.pick([other.name, other.name, String(sources.stages.indexOf(other))])}`);
  if (isLinked) flags.push('--link');
  if (dice.chance(0.15)) flags.push(`--exclude=${pattern(dice)}`);
  const there = other === undefined ? sources.files : other.paths;
  const source = (): string => {
    const path = dice.pick(there);
    return dice.pick([
      path,
      path,
      path,
      path,
      `${path}*`,
      `${path}/`,
      `./${path}`,
      `/${path}/.`,
      `${path.slice(0, -1)}?`,
      '*',
      '.',
      pattern(dice),
    ]);
  };
  const chosen = dice.chance(0.2) ? dice.times(2, 3, source) : [source()];
  const slash = chosen.length > 1 || chosen.some((each) => /[*?[]/.test(each)) || dice.chance(0.4) ? '/' : '';
  const path = place(dice, at);
  const dest = dice.pick([path, path, path, path.slice(1), '/$WORD', '.', '/']);
  const words = [...chosen, dest === '/' ? '/' : dest + slash];
  const said = dice.chance(0.1) ? JSON.stringify(words) : words.join(' ');
  return [command, ...flags, said].join(' ');
}

function heredocCopy(dice: Dice, at: Stage): string {
  const quote = dice.pick(['', '', '"', "'"]);
  const path = place(dice, at);
  const dest = dice.pick([path, `${path}/`, path.slice(1)]);
  const dash = dice.pick(['', '-']);
  const link = dice.chance(0.3);
  const flags = [...ownership(dice, at, link), ...(link ? ['--link'] : [])];
  return [['COPY', ...flags, `<<${dash}${quote}X${quote}`, dest].join(' '), `\t${value(dice)} $WORD \\$A`, 'X'].join('\n');
}

/** One change of the file system; where it is impossible, it is so for every builder. */
function change(dice: Dice, at: Stage): string {
  const one = dice.pick([place(dice, at), dice.pick([...at.paths, absolute(dice)])]);
  const other = dice.pick([place(dice, at), absolute(dice)]);
  const word = dice.pick(words);
  return dice.pick([
    `rm -rf ${one}`,
    `rm -rf ${one}; mkdir -p ${one}`,
    `rm -f ${one}; echo ${word} > ${one}`,
    `mv ${one} ${other}`,
    `mv ${one} ${other}`,
    `ln -s ${linkTarget(dice)} ${one}`,
    `ln -sfn ${linkTarget(dice)} ${one}`,
    `ln ${one} ${other}`,
    `ln -f ${one} ${other}`,
    `chmod ${dice.pick(modes)} ${one}`,
    `chmod -R go-w ${one}`,
    `mkdir -p ${one}`,
    `mkdir -m ${dice.pick(modes)} ${one}`,
    `touch -d @1600000000 ${one}`,
    `mkdir -p ${one}/b; echo ${word} > ${one}/b/c; touch -hd @1600000000 ${one}/b/c ${one}/b`,
    `echo ${word} > ${one}`,
    `echo ${word} >> ${one}`,
    `cp -a ${one} ${other}`,
    `chown -h ${dice.pick(['5:6', 'app', '0:0'])} ${one}`,
    `mkfifo ${one}-pipe`,
    `rmdir ${one}`,
    `mknod ${one} c 1 3`,
    `cat ${one}/d.txt > ${other}`,
    `ls -A ${one} > ${other}`,
    `echo "$WORD $A $PWD $HOME $(id -u):$(id -g):$(id -G)" > ${one}`,
    `grep -q ^u: /etc/passwd || echo u:x:77:88::/:/bin/sh >> /etc/passwd`,
  ]);
}

function run(dice: Dice, at: Stage, sources: Sources): string {
  const flags: string[] = [];
  const changes = dice.times(1, 4, () => change(dice, at));
  if (dice.chance(0.25)) {
    const other = from(dice, sources);
    const target = dice.pick([place(dice, at), absolute(dice), relative(dice)]);
    const read = dice.pick(['.', dice.pick(other?.paths ?? sources.files)]);
    const write = dice.pick(['', '', ',rw', ',ro']);
    switch (dice.pick(['bind', 'cache', 'tmpfs'])) {
      case 'bind':
        flags.push(
          `--mount=type=bind,target=${target},source=${read}${other === undefined ? '' : `,from=${other.name}`}${write}`,
        );
        changes.push(`echo x > ${target}/x`, `cp -a ${target} ${absolute(dice)}`, `cat ${target} > ${absolute(dice)}`);
        break;
      case 'cache':
        flags.push(
          `--mount=type=cache,id=random-${dice.seed}-${at.name},target=${target}${dice.pick(['', ',mode=700', ',uid=5,gid=6', ',sharing=locked'])}`,
        );
        changes.unshift(`rm -rf ${target}/* ${target}/.[!.]*; echo ${dice.pick(words)} > ${target}/kept`);
        changes.push(`cp -a ${target} ${absolute(dice)}`);
        break;
      default:
        flags.push(`--mount=type=tmpfs,target=${target}`);
        changes.push(`echo x > ${target}/x`, `ls -A ${target} > ${absolute(dice)}`);
    }
  }
  if (dice.chance(0.05)) flags.push('--network=none');
  const start = ['RUN', ...flags].join(' ');
  if (dice.chance(0.2)) return [`${start} <<X`, ...changes, ':', 'X'].join('\n');
  if (dice.chance(0.1)) return `${start} ${JSON.stringify(['/bin/sh', '-c', `${changes.join('; ')}; :`])}`;
  return `${start} ${changes.join('; ')}; :`;
}

function value(dice: Dice): string {
  return dice.pick([
    'plain',
    '$WORD',
    '${WORD}s',
    '${A:-none}',
    '${A:+some}',
    '"two $WORD words"',
    "'$WORD as it is'",
    '\\$WORD',
    '${WORD#t}',
    '${WORD##*[no]}',
    '${WORD%e}',
    '${WORD/o/0}',
    '${WORD//e/3}',
    '${A-}x',
    '"a\\"b"',
    'a\\ b',
    '${MODE:-${WORD:-x}}',
  ]);
}

function setting(dice: Dice): string {
  return dice.pick([
    () => `ENV A=${value(dice)}`,
    () => `ENV WORD=${value(dice)} B=${value(dice)}`,
    () => `ENV C ${value(dice)} and more`,
    () => `ARG WORD=${value(dice)}`,
    () => `ARG WORD`,
    () => `ARG MODE=${dice.pick(modes)} OWNER=${dice.pick(['3', '3:4', 'app'])}`,
    () => `ARG MODE`,
    () => `LABEL ${dice.pick(words)}=${value(dice)} "l $WORD"=${value(dice)}`,
    () => `SHELL ${dice.pick(['["/bin/sh", "-ec"]', '["/bin/busybox", "sh", "-c"]', '["/bin/sh", "-xc"]'])}`,
    () =>
      `HEALTHCHECK ${dice.pick(['NONE', 'CMD true', '--interval=5s --retries=2 CMD ["a", "b"]', '--start-period=1m CMD $WORD'])}`,
    () => `VOLUME ${dice.pick([absolute(dice), `["${absolute(dice)}", "$WORD"]`, '$WORD /b'])}`,
    () => `EXPOSE ${dice.pick(['80', '80/udp 90', '8000-8003', '$MODE', '80/TCP'])}`,
    () => `CMD ${dice.pick(['echo $WORD', '["a", "$WORD"]', '[]', "['a']"])}`,
    () => `ENTRYPOINT ${dice.pick(['echo $WORD', '["a", "b"]', '[]'])}`,
    () => `STOPSIGNAL ${dice.pick(['SIGTERM', '9', 'SIGRTMIN+3', 'QUIT'])}`,
    () => `MAINTAINER ${value(dice)}`,
  ])();
}
