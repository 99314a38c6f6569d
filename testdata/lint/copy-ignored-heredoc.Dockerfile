# check=experimental=CopyIgnoredFile
FROM alpine
COPY <<a.log /x
a.log
