From alpine As b
FROM alpine As c
from alpine As d
