// Command generate makes the data of the demo registry and writes it to
// registry/demo/layout. It is a program apart, so the factory of images is not
// linked into tagdiff. Its test checks that the files are what it makes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("o", filepath.Join("registry", "demo", "layout"), "directory to write to")
	flag.Parse()
	if err := write(*dir, contents().files()); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write replaces the generated files of a directory. Names are paths below it.
func write(dir string, files map[string][]byte) error {
	if _, err := os.Stat(filepath.Join(dir, "layout.go")); err != nil {
		return fmt.Errorf("%s is not the directory of package layout: run generate from the top of the checkout", dir)
	}
	for _, name := range generated {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generated names the files and directories that generate writes.
var generated = []string{"oci-layout", "index.json", "repositories.json", "filler.json", "blobs", "cut"}

// contents makes everything that the registry holds.
func contents() store {
	s := store{}
	for _, part := range []func(){s.retag, s.python, s.platform, s.rebuild, s.payments, s.tools, s.many, s.edge} {
		part()
	}
	return s
}
