package main

import (
	"strings"

	"golang.org/x/net/html"
)

// title is the text of the first <title> of page.
func title(page string) string {
	tokens := html.NewTokenizer(strings.NewReader(page))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		if token := tokens.Token(); token.Data == "title" && tokens.Next() == html.TextToken {
			return tokens.Token().Data
		}
	}
	return ""
}
