FROM --platform=foo/bar/baz/q alpine
