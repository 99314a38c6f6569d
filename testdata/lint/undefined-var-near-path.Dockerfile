FROM alpine
ENV A=$PAT
