# check=experimental=CopyIgnoredFile
FROM alpine
COPY . /x
COPY ./. /x
COPY ./a /x
COPY a/b /x
