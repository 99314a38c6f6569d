# check=experimental=CopyIgnoredFile
FROM alpine
COPY a.log /x
ADD b.log c.txt /y/
COPY *.log /z/
