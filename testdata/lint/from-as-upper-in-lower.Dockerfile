from alpine AS b
