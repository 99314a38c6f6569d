# check=experimental=CopyIgnoredFile
FROM alpine
COPY dir/file /x
COPY ./dir /y
COPY --from=busybox dir /z
ADD https://example.test/dir/x /w
