package filediff

import (
	"path"
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/model/inside"
)

// pairMoved joins a path that only A has with one that only B has, if they hold the same file: the
// same content, which each side has once, or a name with a hash of the content in it.
func (c *Changes) pairMoved() {
	c.join(sumOf, Moved)
	c.join(stemOf, 0)
}

// sumOf is the key of a file by its content, "" for empty files and for those without a hash.
func sumOf(e inside.Entry) string {
	if e.Kind != inside.File || e.Size == 0 || e.Sum == (inside.Hash{}) {
		return ""
	}
	return string(e.Sum[:])
}

// stemOf is the key of a file by its name without the hash in it.
func stemOf(e inside.Entry) string {
	if e.Kind != inside.File {
		return ""
	}
	return stem(e.Path)
}

// join joins each pair of a removed and an added file with one key that no other such file has.
func (c *Changes) join(keyOf func(inside.Entry) string, way What) {
	removed, added := c.byKey(Removed, keyOf), c.byKey(Added, keyOf)
	gone := map[int]bool{}
	for key, from := range removed {
		to := added[key]
		if len(from) != 1 || len(to) != 1 {
			continue
		}
		it := &c.items[from[0]]
		it.b = c.items[to[0]].b
		what, _ := differ(resolved(c.a, int(it.a)), resolved(c.b, int(it.b)))
		if it.what = what | way; it.what&^Time == 0 { // the content stands at other paths, too
			it.what |= Moved
		}
		gone[to[0]] = true
		c.counts[wayIndex(Removed)]--
		c.counts[wayIndex(Added)]--
		c.counts[wayIndex(it.what)]++
	}
	kept := c.items[:0]
	for i, it := range c.items {
		if !gone[i] {
			kept = append(kept, it)
		}
	}
	c.items = kept
}

// byKey returns the indexes of the changes of one way, by the key of their entry.
func (c *Changes) byKey(way What, keyOf func(inside.Entry) string) map[string][]int {
	all := map[string][]int{}
	for i, it := range c.items {
		if it.what != way {
			continue
		}
		e := resolvedAt(*c, it)
		if k := keyOf(e); k != "" {
			all[k] = append(all[k], i)
		}
	}
	return all
}

// resolvedAt returns the entry of a change that only one side has.
func resolvedAt(c Changes, it item) inside.Entry {
	if it.a >= 0 {
		return resolved(c.a, int(it.a))
	}
	return resolved(c.b, int(it.b))
}

// hashInName matches a part of a file name that bundlers make from the content: between dots,
// dashes or underscores, and at least six letters and digits.
var hashInName = regexp.MustCompile(`[.\-_~][0-9A-Za-z]{6,64}([.\-_~])`)

// stem returns a path with the hash in its name replaced, "" if there is none. A word without
// a digit is not taken for a hash.
func stem(p string) string {
	folder, name := path.Split(p)
	replaced := hashInName.ReplaceAllStringFunc(name, func(part string) string {
		if !strings.ContainsAny(part, "0123456789") {
			return part
		}
		return part[:1] + "*" + part[len(part)-1:]
	})
	if replaced == name {
		return ""
	}
	return folder + replaced
}
