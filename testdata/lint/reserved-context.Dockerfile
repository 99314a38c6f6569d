FROM alpine AS context
