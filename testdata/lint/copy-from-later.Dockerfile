FROM alpine
COPY --from=late /a /b
FROM alpine AS late
