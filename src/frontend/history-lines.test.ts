import { expect, test } from 'vitest';
import { compileText } from './compile-text.ts';

/** Instructions, and the lines that BuildKit gives them. */
const lines: readonly (readonly [instruction: string, createdBy: string])[] = [
  ['ARG V=1', 'ARG V=1'],
  ['ARG W', 'ARG W'],
  ['ENV A=1 B="two words" C=$V', 'ENV A=1 B=two words C=1'],
  ['ENV OLD form value', 'ENV OLD=form value'],
  ['LABEL l="x y" m=2', 'LABEL l=x y m=2'],
  ['EXPOSE 80 90/udp 100-101', 'EXPOSE [100/tcp 101/tcp 80/tcp 90/udp]'],
  ['VOLUME /v ["/w"]', 'VOLUME [/v [/w]]'],
  ['VOLUME ["/q", "/r"]', 'VOLUME [/q /r]'],
  ['USER 1000:1000', 'USER 1000:1000'],
  ['WORKDIR /work/$V', 'WORKDIR /work/1'],
  ['COPY a /dest/$V', 'COPY a /dest/1 # buildkit'],
  ['COPY --chown=1:2 --chmod=0640 a /dest/b', 'COPY --chown=1:2 --chmod=0640 a /dest/b # buildkit'],
  ['COPY --from=busybox --link /one /dest/', 'COPY /one /dest/ # buildkit'],
  ['COPY --exclude=*.md --parents src/x a /dest/', 'COPY --parents src/x a /dest/ # buildkit'],
  ['COPY ["b c", "/dest/sp ace"]', 'COPY b c /dest/sp ace # buildkit'],
  ['COPY <<EOF /dest/here\ntext\nEOF', 'COPY <<EOF /dest/here # buildkit'],
  ['ADD t.tar /unpacked/', 'ADD t.tar /unpacked/ # buildkit'],
  ['ADD --chown=5 a /dest/added', 'ADD --chown=5 a /dest/added # buildkit'],
  ['SHELL ["/bin/sh", "-ec"]', 'SHELL [/bin/sh -ec]'],
  ['STOPSIGNAL SIGUSR1', 'STOPSIGNAL SIGUSR1'],
  [
    'HEALTHCHECK --interval=90s --timeout=100ms --retries=2 CMD wget -q localhost || exit 1',
    'HEALTHCHECK {Test:[CMD-SHELL wget -q localhost || exit 1] Interval:1m30s Timeout:100ms StartPeriod:0s StartInterval:0s Retries:2}',
  ],
  ['HEALTHCHECK NONE', 'HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}'],
  ['CMD ["a", "b \\"c\\""]', 'CMD ["a" "b \\"c\\""]'],
  ['CMD echo hi', 'CMD ["/bin/sh" "-ec" "echo hi"]'],
  ['ENTRYPOINT ["/bin/x", "-y"]', 'ENTRYPOINT ["/bin/x" "-y"]'],
  ['ENTRYPOINT exec top -b', 'ENTRYPOINT ["/bin/sh" "-ec" "exec top -b"]'],
  ['MAINTAINER me <me@x.test>', 'MAINTAINER me <me@x.test>'],
];

test('IMG-03 every instruction has the line in the history that BuildKit gives it, and its comment', async () => {
  const text = ['FROM alpine:3.20', ...lines.map(([instruction]) => instruction), 'ONBUILD RUN x'].join('\n');
  const { image } = await compileText(text);
  expect(image.history.map(({ createdBy }) => createdBy)).toEqual(lines.map(([, createdBy]) => createdBy));
  expect(new Set(image.history.map(({ comment }) => comment))).toEqual(new Set(['buildkit.dockerfile.v0']));
});
