FROM alpine
COPY --chown=$u --chmod=${m:-644} a /b
