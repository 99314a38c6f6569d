#include <stdio.h>
#include <stdlib.h>

#include "sieve.h"

int main(int argc, char **argv) {
  char *end = "?";
  unsigned long limit = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
  if (*end != '\0' || limit > 1000000) {
    fprintf(stderr, "usage: primes LIMIT (up to 1000000)\n");
    return 2;
  }
  size_t *primes = calloc(limit + 1, sizeof *primes);
  if (primes == NULL) abort();
  size_t count = sieve(limit, primes, limit + 1);
  for (size_t i = 0; i < count; i++) printf("%zu%c", primes[i], i + 1 == count ? '\n' : ' ');
  printf("%zu primes up to %lu\n", count, limit);
  free(primes);
  return 0;
}
