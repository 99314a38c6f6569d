mkdir -p a/b/c/d foo/bar/foo; for f in a/b/c/d/e.log a/x.log x.log foo/bar/foo/z foo/z a/b/q.tmp.x; do echo > $f; done
printf '**/*.log\n!a/b/**/e.log\n**/foo\na**q*\n' > .dockerignore
