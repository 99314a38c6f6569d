ARG A=alpine
ARG B=$A
FROM $B
