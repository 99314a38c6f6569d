# Runs the two programs as they ship.
set -e
[ "$(/bin/worker square 12)" = 144 ]
[ "$(/bin/api square 12)" = '{"result":144}' ]
! /bin/api nonsense 1 2>/dev/null
echo "release is good: $(sha256sum /bin/api /bin/worker | cut -c1-12 | tr '\n' ' ')"
