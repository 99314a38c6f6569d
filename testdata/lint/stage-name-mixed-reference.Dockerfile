FROM alpine AS Base
FROM base
