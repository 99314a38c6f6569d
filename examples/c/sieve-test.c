#include <stdio.h>
#include <string.h>

#include "sieve.h"

int main(void) {
  const size_t want[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
  size_t got[10];
  if (sieve(29, got, 10) != 10 || memcmp(got, want, sizeof want) != 0) {
    puts("FAIL: the primes up to 29");
    return 1;
  }
  if (sieve(1, got, 10) != 0) {
    puts("FAIL: there is no prime below 2");
    return 1;
  }
  puts("ok: sieve()");
  return 0;
}
