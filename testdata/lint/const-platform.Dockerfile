FROM --platform=linux/amd64 alpine
FROM --platform=linux/amd64 alpine AS build
FROM --platform=linux/amd64 alpine AS build-amd64
FROM --platform=linux/amd64 alpine AS linux-build
