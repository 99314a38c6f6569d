FROM alpine as b
