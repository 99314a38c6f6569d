ARG AA=alpine
FROM ${AAA:-alpine}${BB}
