FROM alpine
RUN --mount=type=cache,target=/x/$foo,id=$bar true
