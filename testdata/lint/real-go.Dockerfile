ARG GO=latest
FROM --platform=$BUILDPLATFORM golang:${GO} AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
RUN --mount=type=cache,target=/root/.cache/go-build GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out ./...
FROM scratch
COPY --from=build /out /out
ENTRYPOINT ["/out"]
