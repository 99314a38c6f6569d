#include "sieve.h"

#include <stdbool.h>
#include <stdlib.h>

size_t sieve(size_t limit, size_t *primes, size_t room) {
  bool *composite = calloc(limit + 1, sizeof *composite);
  if (composite == NULL) abort();
  size_t count = 0;
  for (size_t n = 2; n <= limit; n++) {
    if (composite[n]) continue;
    if (count < room) primes[count] = n;
    count++;
    for (size_t multiple = n * n; multiple <= limit; multiple += n) composite[multiple] = true;
  }
  free(composite);
  return count;
}
