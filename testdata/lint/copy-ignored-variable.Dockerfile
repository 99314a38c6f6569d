# check=experimental=CopyIgnoredFile
FROM alpine
ENV F=a.log
COPY $F /x
