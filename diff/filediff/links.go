package filediff

import "github.com/tagdiff/tagdiff/model/inside"

// links are the hard links of two lists: which names are one file. A program sees that by the inode, and when it
// writes to the file.
type links struct{ a, b linkedNames }

// linkedNames are the files of a list that have several names which both lists have.
type linkedNames struct {
	of            map[string]string // by name: the entry with the content
	first, second map[string]string // by that entry: the first two of those names by path
}

// newLinks finds the hard links of two lists. Names that only one list has do not count: they are changes of
// their own.
func newLinks(a, b inside.List) links {
	return links{newLinkedNames(a.LinkGroups(), b), newLinkedNames(b.LinkGroups(), a)}
}

func newLinkedNames(groups map[string]string, other inside.List) linkedNames {
	l := linkedNames{of: groups, first: map[string]string{}, second: map[string]string{}}
	for name, of := range groups {
		if e, ok := other.Find(name); !ok || e.Kind != inside.File && e.Kind != inside.Hardlink {
			continue
		}
		first, some := l.first[of]
		switch second, two := l.second[of]; {
		case !some:
			l.first[of] = name
		case name < first:
			l.first[of], l.second[of] = name, first
		case !two || name < second:
			l.second[of] = name
		}
	}
	return l
}

// differ reports whether the file at the path of an entry of both lists is one with another name in only one
// of them.
func (l links) differ(e inside.Entry) bool {
	return (e.Kind == inside.File || e.Kind == inside.Hardlink) && l.a.firstName(e.Path) != l.b.firstName(e.Path)
}

// firstName is the first name of a file by path, name itself if it has only one.
func (l linkedNames) firstName(name string) string {
	if first, ok := l.first[l.of[name]]; ok {
		return first
	}
	return name
}

// other is another name of a file, "" for none.
func (l linkedNames) other(name string) string {
	of, ok := l.of[name]
	if !ok {
		return ""
	}
	if first := l.first[of]; first != name {
		return first
	}
	return l.second[of]
}
