FROM --platform=amd64 alpine AS x
FROM --platform=linux alpine AS y
FROM --platform=x86_64 alpine AS z
