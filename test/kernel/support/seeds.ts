import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './slipway.ts';

/** Where the texts lie that show multi-stage builds as people write them; not part of the repository. */
export const seedFolder: string = join(repository, '../shared/seeds');

export interface Seeds {
  readonly hrefCounter: string;
  /** With its `…` lines. */
  readonly release: string;
  readonly staging: string;
}

/** The three Dockerfiles, word for word; undefined where the texts are not there. */
export function readSeeds(): Seeds | undefined {
  if (!existsSync(seedFolder)) return undefined;
  const texts = readdirSync(seedFolder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => readFileSync(join(seedFolder, name), 'utf8'))
    .join('\n');
  return {
    hrefCounter: excerpt(texts, '# syntax=docker/dockerfile:1\n', 'CMD ["./app"]'),
    // The pattern is printed twice; the second time with all its stages.
    release: excerpt(
      texts.slice(texts.lastIndexOf('FROM golang:alpine AS stage0')),
      'FROM golang:alpine AS stage0',
      '\nFROM release\n',
    ),
    staging: excerpt(texts, '# Intermediary container section', 'ENTRYPOINT ./goapp'),
  };
}

function excerpt(text: string, first: string, last: string): string {
  const start = text.indexOf(first);
  const end = text.indexOf(last, start);
  if (start === -1 || end === -1)
    throw new Error(`the texts in ${seedFolder} have no part from ${JSON.stringify(first)} to ${JSON.stringify(last)}`);
  return text
    .slice(start, end + last.length)
    .trimEnd()
    .concat('\n');
}

/**
 * The release pattern with something real for each `…`: two stages that make a folder with one program, and a test.
 * @throws when the pattern is not the one these fillings were written for
 */
export function fillRelease(pattern: string): string {
  const program = (number: number): string =>
    `WORKDIR /src\nCOPY binary${number}/ ./\nRUN mkdir /binary${number} && go build -o /binary${number}/binary${number} .\n`;
  const filled = pattern
    .replace('AS stage0\n…\n', `AS stage0\n${program(0)}\nFROM golang:alpine AS stage1\n${program(1)}`)
    .replace('RUN go test …\n', 'WORKDIR /src\nCOPY go.mod release_test.go ./\nRUN go test -count=1 -v ./...\n');
  if (filled.includes('…')) throw new Error(`there is a … left in\n${filled}`);
  return filled;
}

/** Words after `#` at the end of an instruction become a comment on a line of their own, above it. */
export function moveComments(dockerfile: string): string {
  return dockerfile.replace(/^([A-Z].*?\S) +(#.*)$/gm, '$2\n$1');
}
