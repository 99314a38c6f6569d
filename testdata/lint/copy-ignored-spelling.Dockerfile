# check=experimental=CopyIgnoredFile
FROM alpine
COPY /dir /x
COPY dir/ /x
COPY a/../dir /x
COPY dir/../b /x
COPY ./dir/x /y
COPY d*r /x
COPY ./. /x
