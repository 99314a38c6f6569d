FROM alpine
CMD ["$foo"]
