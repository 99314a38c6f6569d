FROM alpine
RUN --mount=type=cache,target=/x/$foo --mount=type=bind,target=/y/$foo,source=$src true
