package diff

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// textsOf are the sentences of a rule about the only pair.
func textsOf(c Comparison, id string) []string {
	found := matching(c.Pairs[0].Findings, func(f Finding) bool { return f.ID == id })
	return mapped(found, func(f Finding) string { return f.Text.String() })
}

// TestLayers_several checks what a rule says where it speaks about several steps or files of an image.
func TestLayers_several(t *testing.T) {
	type items = []insidetest.Item
	big := func(path string) insidetest.Item { return aFile(path, string(make([]byte, leastWaste))) }
	for _, tt := range []struct {
		name   string
		id     string
		layers []items
		want   []string
	}{
		{"a file counts for the first step that deletes it", "H16",
			[]items{{big("d/x")}, {aFile("d/.wh.x", "")}, {big("d/y")}, {aFile(".wh.d", "")}}, []string{
				"In :a, step 2 deletes 1 file (1.0 MB) that step 1 ships. It stays in the image.",
				"In :a, step 4 deletes 1 file (1.0 MB) that step 3 ships. It stays in the image.",
			}},
		{"a file counts for the first step that replaces it", "H16",
			[]items{{big("d/x")}, {aFile("d/x", "1")}, {aFile(".wh.d", "")}}, []string{
				"In :a, step 2 replaces 1 file (1.0 MB) that step 1 ships. It stays in the image.",
			}},
		{"what is deleted, and what stays", "H17",
			[]items{{aFile(".env", "k"), aFile("x/.npmrc", "k"), aFile("y/.npmrc", "k")}, {aFile(".wh..env", "")}, {aFile("y/.npmrc", "")}}, []string{
				"In :a, .env is in step 1, and deleted in step 2: everyone that can pull the image can still read it. " +
					"By its name, it may hold a key or a password.",
				"In :a, x/.npmrc is in step 1. By its name, it may hold a key or a password.",
				"In :a, y/.npmrc is in step 1, and replaced in step 3: everyone that can pull the image can still read it. " +
					"By its name, it may hold a key or a password.",
			}},
		{"the key that containers have", "H18",
			[]items{{aFile("etc/ssh/ssh_host_rsa_key", "1"), aFile("etc/ssh/ssh_host_ed25519_key", "1")}, {aFile("etc/ssh/ssh_host_rsa_key", "2")}},
			[]string{
				"In :a, step 1 ships etc/ssh/ssh_host_ed25519_key: all containers have the same, unless they make their own when they start.",
				"In :a, step 2 ships etc/ssh/ssh_host_rsa_key: all containers have the same, unless they make their own when they start.",
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := textsOf(oneImage(t, tt.layers...), tt.id); !slices.Equal(got, tt.want) {
				t.Errorf("%s, want %s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestLayers_unread checks what rules say of a layer if a newer one, or the one that a link leads to, was not
// read.
func TestLayers_unread(t *testing.T) {
	first, second, third := files("first"), files("second"), files("third")
	lib := insidetest.Symlink("lib", "usr/lib")
	for _, tt := range []struct {
		name  string
		id    string
		read  []*inside.Layer
		want  []string
		trust Trust
	}{
		{"host keys under an unread layer", "H18", []*inside.Layer{holding(t, first, aFile("etc/ssh/ssh_host_rsa_key", "1"))}, []string{
			"In :a, step 1 ships etc/ssh/ssh_host_rsa_key: all containers have the same, unless they make their own when they start, " +
				"or steps 2 and 3, which were not read, remove them."}, Inferred},
		{"a link into an unread layer", "H13", []*inside.Layer{holding(t, second, lib), holding(t, third, aFile("lib/x", "1"))}, []string{
			"In :a, step 3 turns the link lib of step 2 into a folder. What is in usr/lib, which was not read, is not found at lib any more."}, Inferred},
		{"a link to a folder of which an unread layer may have more", "H13",
			[]*inside.Layer{holding(t, second, lib, insidetest.Folder("usr/lib")), holding(t, third, aFile("lib/x", "1"))}, []string{
				"In :a, step 3 turns the link lib of step 2 into a folder. What is in usr/lib, which was not read, is not found at lib any more."},
			Inferred},
		{"a link to what a layer has that was read", "H13",
			[]*inside.Layer{holding(t, second, lib, aFile("usr/lib/y", "1")), holding(t, third, aFile("lib/x", "1"))}, []string{
				"In :a, step 3 turns the link lib of step 2 into a folder: files of usr/lib are gone from lib, as y."}, Proved},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := build{steps: []step{does("RUN a", first), does("RUN b", second), does("RUN c", third)}}.image(t)
			c := readInside(Describe(single("a", img)), nil, tt.read...)
			if got := textsOf(c, tt.id); !slices.Equal(got, tt.want) {
				t.Fatalf("%q, want %q", got, tt.want)
			}
			if f := findingOf(c, tt.id); f.Trust != tt.trust {
				t.Errorf("the trust is %s, want %s", f.Trust, tt.trust)
			}
		})
	}
}
