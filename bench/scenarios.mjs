// What is measured. `generate` writes a context that is the same everywhere; `change` makes it another one for each round.
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Numbers that look random, and are the same on each machine. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
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

/** 200 folders of 100 files of some 4 kB; other bytes in each round, so that nobody has seen them. */
function writeManyFiles(context, round) {
  const random = numbers(round + 1);
  for (let folder = 0; folder < 200; folder++) {
    const path = join(context, 'src', `d${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 100; file++) {
      let text = '';
      while (text.length < 4000) text += `export const x${text.length} = ${random()};\n`;
      writeFileSync(join(path, `f${file}.js`), text);
    }
  }
}

const manyFiles = { generate: dockerfile('FROM alpine:latest\nWORKDIR /app\nCOPY src ./\n'), change: writeManyFiles };

const copyBetween = {
  generate: dockerfile(`FROM alpine:latest AS made
RUN mkdir /data && cd /data && d=0; while [ $d -lt 300 ]; do mkdir d$d; f=0; while [ $f -lt 100 ]; do echo "file $d $f" >d$d/f$f; f=$((f+1)); done; d=$((d+1)); done
FROM alpine:latest
ARG ROUND
COPY --from=made /data /data-$ROUND
`),
};

/** One file of 1 GiB that can be compressed to half of that. */
const bigFile = {
  generate: (context) => {
    dockerfile('FROM alpine:latest\nCOPY big /big\n')(context);
    const random = numbers(11);
    const words = Array.from({ length: 4096 }, () => `${random().toString(36)}${random().toString(36).slice(2, 4)}`.slice(0, 8));
    const fd = openSync(join(context, 'big'), 'w');
    for (let size = 0; size < 1 << 30; ) {
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
    build: { output: 'image' },
  },
  {
    name: 'run-10',
    about: 'ten RUN that do nothing, none of them cached',
    generate: dockerfile(`FROM alpine:latest\nARG ROUND\n${Array.from({ length: 10 }, (_, n) => `RUN true ${n}\n`).join('')}`),
    build: { output: 'none' },
  },
  { name: 'copy-20k', about: 'COPY of 20,000 files that nobody has seen', ...manyFiles, build: { output: 'none' } },
  { name: 'copy-20k-oci', about: 'the same, written as an OCI tar', ...manyFiles, build: { output: 'oci' } },
  { name: 'from-30k', about: 'COPY --from of 30,000 files, the stage cached', ...copyBetween, build: { output: 'none' } },
  { name: 'from-30k-oci', about: 'the same, written as an OCI tar', ...copyBetween, build: { output: 'oci' } },
  {
    name: 'file-1g-gzip',
    about: 'COPY of one file of 1 GiB, written as an OCI tar with gzip',
    ...bigFile,
    build: { output: 'oci' },
  },
  { name: 'file-1g-zstd', about: 'the same with zstd', ...bigFile, build: { output: 'oci-zstd' } },
];
