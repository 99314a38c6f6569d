#ifndef SIEVE_H
#define SIEVE_H

#include <stddef.h>

/* Writes the primes up to `limit` to `primes`, which has room for `room` of them. Returns how many there are. */
size_t sieve(size_t limit, size_t *primes, size_t room);

#endif
