FROM --platform=linux/amd64/v1 alpine AS x
