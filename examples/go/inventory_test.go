package main

import (
	"reflect"
	"testing"
	"testing/fstest"
)

func TestInventory(t *testing.T) {
	root := fstest.MapFS{
		"proc/1/status": {Data: []byte("x")},
		"etc/hosts":     {Data: []byte("x")},
		"etc/motd":      {Data: []byte("hello")},
		"inventory":     {Data: []byte("ab")},
	}
	files, err := Inventory(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []File{{"etc/motd", 5}, {"inventory", 2}}
	if !reflect.DeepEqual(files, want) {
		t.Errorf("got %v, want %v", files, want)
	}
}
