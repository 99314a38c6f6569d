// What is measured. `generate` writes a context that is the same everywhere; `change` makes it another one for each round. What is many or
// large is multiplied by `scale`.
import { appendFileSync, closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeImageArchive, writeTar } from './archives.mjs';

/** Numbers that look random, and are the same on each machine. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

function scaled(count, scale) {
  return Math.max(1, Math.round(count * scale));
}

function dockerfile(text) {
  return (context) => writeFileSync(join(context, 'Dockerfile'), text);
}

const stages = `FROM alpine:latest AS deps
RUN apk add --no-cache ca-certificates
WORKDIR /src
COPY list.txt ./
RUN cat list.txt >installed
FROM alpine:latest AS build
WORKDIR /src
COPY --from=deps /src/installed ./
COPY . .
RUN cat src/* installed >/out
FROM alpine:latest
COPY --from=build /out /app/out
COPY --from=deps /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
CMD ["/bin/cat", "/app/out"]
`;

/** 200 folders of 100 files of some 4 kB; other bytes in each round and each run of the benchmark, so that nobody has seen them. */
function writeManyFiles(context, { round, run, scale }) {
  const random = numbers(run + round + 1);
  for (let folder = 0; folder < scaled(200, scale); folder++) {
    const path = join(context, 'src', `d${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 100; file++) {
      let text = '';
      while (text.length < 4000) text += `export const x${text.length} = ${random()};\n`;
      writeFileSync(join(path, `f${file}.js`), text);
    }
  }
}

/** One of them gets another line. */
function changeOneFile(context, { round, run, scale }) {
  if (round === 0) writeManyFiles(context, { round, run, scale });
  else appendFileSync(join(context, 'src/d0/f7.js'), `// ${run} ${round}\n`);
}

const fourStages = `FROM alpine:latest AS base
ARG ROUND
${['a', 'b', 'c', 'd'].map((name) => `FROM base AS ${name}\nRUN echo $ROUND ${name} && sleep 1 && date >/${name}\n`).join('')}FROM base
${['a', 'b', 'c', 'd'].map((name) => `COPY --from=${name} /${name} /\n`).join('')}`;

const manyFiles = { generate: dockerfile('FROM alpine:latest\nWORKDIR /app\nCOPY src ./\n'), change: writeManyFiles };

const copyBetween = {
  generate: (context, scale) =>
    dockerfile(`FROM alpine:latest AS made
RUN mkdir /data && cd /data && d=0; while [ $d -lt ${scaled(300, scale)} ]; do mkdir d$d; f=0; while [ $f -lt 100 ]; do echo "file $d $f" >d$d/f$f; f=$((f+1)); done; d=$((d+1)); done
FROM alpine:latest
ARG ROUND
COPY --from=made /data /data-$ROUND
`)(context),
};

const manyInTar = {
  generate: dockerfile('FROM alpine:latest\nADD files.tar /data/\n'),
  change: (context, { round, run, scale }) => writeTar(context, scaled(300, scale), `${run} ${round}`),
};

/** One file of 1 GiB that can be compressed to half of that. */
const bigFile = {
  generate: (context, scale) => {
    dockerfile('FROM alpine:latest\nCOPY big /big\n')(context);
    const random = numbers(11);
    const words = Array.from({ length: 4096 }, () => `${random().toString(36)}${random().toString(36).slice(2, 4)}`.slice(0, 8));
    const fd = openSync(join(context, 'big'), 'w');
    for (let size = 0; size < scale * 2 ** 30; ) {
      let text = '';
      for (let word = 0; word < 100_000; word++) text += words[random() >>> 20];
      size += writeSync(fd, text);
    }
    closeSync(fd);
  },
  // Nobody has seen it, not even in an earlier run.
  change: (context) => {
    const fd = openSync(join(context, 'big'), 'r+');
    writeSync(fd, `${process.hrtime.bigint()}`, 0);
    closeSync(fd);
  },
};

/** A Dockerfile of about `sizeBytes`: stages of everything that people write, none of it doubtful. */
function longDockerfile(sizeBytes) {
  const parts = [];
  for (let stage = 0, length = 0; length < sizeBytes; stage++) {
    const lines = [`FROM scratch AS s${stage}`, `ARG VERSION=${stage}`, 'WORKDIR /src', 'ENV RELEASE="v${VERSION}"'];
    for (let step = 0; step < 20; step++) {
      lines.push(
        `# step ${step} of stage ${stage}`,
        `COPY --chown=1000:1000 src/part-${step} package-${step}.json ./part-${step}/`,
        `RUN --mount=type=cache,target=/root/.cache-${step} make -C part-${step} \\\n      RELEASE=\${RELEASE} all \\\n    && rm -rf part-${step}/tmp`,
        `LABEL org.example.step-${step}="\${RELEASE} of ${step}"`,
        `RUN <<EOF\nset -e\necho ${step} >>/log\nEOF`,
      );
    }
    const text = `${lines.join('\n')}\nCMD ["run", "${stage}"]\n\n`;
    parts.push(text);
    length += text.length;
  }
  return parts.join('');
}

const check = (sizeBytes) => ({
  generate: (context) => dockerfile(longDockerfile(sizeBytes))(context),
  budget: 1,
  build: { output: 'check' },
});

/** `budget`: as many times faster than the fastest peer it should be. */
export const scenarios = [
  {
    name: 'no-op',
    about: 'three stages, nothing changed since the last build',
    generate: (context) => {
      dockerfile(stages)(context);
      mkdirSync(join(context, 'src'));
      const random = numbers(7);
      writeFileSync(join(context, 'list.txt'), 'one\ntwo\n');
      for (let file = 0; file < 20; file++) writeFileSync(join(context, 'src', `f${file}.txt`), `${random()}\n`.repeat(50));
    },
    budget: 3,
    build: { output: 'image' },
  },
  {
    name: 'run-10',
    about: 'ten RUN that do nothing, none of them cached',
    generate: dockerfile(`FROM alpine:latest\nARG ROUND\n${Array.from({ length: 10 }, (_, n) => `RUN true ${n}\n`).join('')}`),
    budget: 1,
    build: { output: 'none' },
  },
  { name: 'copy-20k', about: 'COPY of 20,000 files that nobody has seen', ...manyFiles, budget: 3, build: { output: 'none' } },
  { name: 'copy-20k-oci', about: 'the same, written as an OCI tar', ...manyFiles, budget: 2, build: { output: 'oci' } },
  {
    name: 'copy-20k-one',
    about: 'COPY of 20,000 files, one of them changed since the last build',
    ...manyFiles,
    change: changeOneFile,
    budget: 3,
    build: { output: 'none' },
  },
  {
    name: 'copy-20k-same',
    about: 'COPY of 20,000 files, none of them changed',
    ...manyFiles,
    change: (context, at) => {
      if (at.round === 0) writeManyFiles(context, at);
    },
    budget: 3,
    build: { output: 'none' },
  },
  {
    name: 'four-stages',
    about: 'four stages that wait a second each, and a fifth that takes a file of each',
    generate: dockerfile(fourStages),
    budget: 1,
    build: { output: 'none' },
  },
  {
    name: 'from-30k',
    about: 'COPY --from of 30,000 files, the stage cached',
    ...copyBetween,
    budget: 10,
    build: { output: 'none' },
  },
  { name: 'from-30k-oci', about: 'the same, written as an OCI tar', ...copyBetween, budget: 3, build: { output: 'oci' } },
  {
    name: 'add-tar-30k',
    about: 'ADD of a tar of 30,000 files that nobody has seen',
    ...manyInTar,
    budget: 3,
    build: { output: 'none' },
  },
  {
    name: 'load-30k',
    about: 'load of an image archive with a layer of 30,000 files that nobody has seen',
    generate: () => {},
    change: (context, { round, run, scale }) => writeImageArchive(context, scaled(300, scale), `${run} ${round}`),
    budget: 2,
    build: { output: 'load' },
  },
  {
    name: 'file-1g-gzip',
    about: 'COPY of one file of 1 GiB, written as an OCI tar with gzip',
    ...bigFile,
    budget: 2,
    build: { output: 'oci' },
  },
  { name: 'dockerfile-1250k', about: '`build --check` of a Dockerfile of 1.25 MB', ...check(1_250_000) },
  { name: 'dockerfile-2500k', about: 'the same of 2.5 MB: twice the size, twice the time', ...check(2_500_000) },
  { name: 'dockerfile-5m', about: 'the same of 5 MB', ...check(5_000_000) },
  { name: 'file-1g-zstd', about: 'the same with zstd', ...bigFile, budget: 2, build: { output: 'oci-zstd' } },
];
