FROM alpine AS build
WORKDIR /src
RUN true
FROM scratch
COPY --from=build /x /x
CMD ["/x"]
