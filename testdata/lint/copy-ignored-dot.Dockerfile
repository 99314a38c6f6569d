# check=experimental=CopyIgnoredFile
FROM alpine
COPY . /x
COPY node_modules /y
