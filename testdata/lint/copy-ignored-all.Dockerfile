# check=experimental=CopyIgnoredFile
FROM alpine
COPY . /x
COPY / /y
COPY ./ /z
