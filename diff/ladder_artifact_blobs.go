package diff

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"
)

// blobPair is a blob of an artifact beside the one of the other artifact that has its place. A
// missing side is nil.
type blobPair struct {
	a, b *v1.Descriptor
	at   int // the position in A, from 1, or in B for a blob that only B has
}

// pairBlobs pairs the blobs of two artifacts: by digest, then by title, then, of those without a
// title, by position and media type.
func pairBlobs(a, b []v1.Descriptor) []blobPair {
	pairs, taken := make([]blobPair, len(a)), make([]bool, len(b))
	for i := range a {
		pairs[i] = blobPair{a: &a[i], at: i + 1}
	}
	match := func(same func(i, j int) bool) {
		for i := range pairs {
			for j := range b {
				if pairs[i].b == nil && !taken[j] && same(i, j) {
					pairs[i].b, taken[j] = &b[j], true
				}
			}
		}
	}
	match(func(i, j int) bool { return a[i].Digest == b[j].Digest && titleOf(a[i]) == titleOf(b[j]) })
	match(func(i, j int) bool { return a[i].Digest == b[j].Digest })
	match(func(i, j int) bool { return titleOf(a[i]) != "" && titleOf(a[i]) == titleOf(b[j]) })
	match(func(i, j int) bool {
		return i == j && a[i].MediaType == b[j].MediaType && (titleOf(a[i]) == "" && titleOf(b[j]) == "" || len(a) == 1 && len(b) == 1)
	})
	for j := range b {
		if !taken[j] {
			pairs = append(pairs, blobPair{b: &b[j], at: j + 1})
		}
	}
	return pairs
}

// titleOf is the name of the file in a blob, "" if no annotation states one.
func titleOf(d v1.Descriptor) string { return d.Annotations[v1.AnnotationTitle] }

// isSame reports whether both sides have the blob, with one title.
func (p blobPair) isSame() bool {
	return p.a != nil && p.b != nil && p.a.Digest == p.b.Digest && titleOf(*p.a) == titleOf(*p.b)
}

// text says what differs: "the file model.gguf differs (4 B → 6 B)", "blob 2 is only in :b (1 kB)".
func (p blobPair) text(nameA, nameB string, only bool) string {
	d := cmp.Or(p.a, p.b)
	name := fmt.Sprint("blob ", p.at)
	switch title := titleOf(*d); {
	case title != "":
		name = "the file " + quoted(title)
	case only && p.a != nil && p.b != nil:
		name = "the only blob besides the config"
	}
	switch {
	case p.a == nil:
		return name + " is only in " + nameB + " (" + bytesText(d.Size) + ")"
	case p.b == nil:
		return name + " is only in " + nameA + " (" + bytesText(d.Size) + ")"
	case p.a.Digest == p.b.Digest:
		return name + " is named " + quoted(cmp.Or(titleOf(*p.b), "nothing")) + " in " + nameB
	}
	sizes := bytesText(p.a.Size) + " → " + bytesText(p.b.Size)
	if p.a.Size == p.b.Size {
		sizes = bytesText(p.a.Size) + " on both sides"
	} else if bytesText(p.a.Size) == bytesText(p.b.Size) {
		sizes = fmt.Sprintf("%d → %d bytes", p.a.Size, p.b.Size)
	}
	if title := titleOf(*p.b); title != titleOf(*p.a) {
		return name + " becomes " + quoted(cmp.Or(title, "a blob without a title")) + " (" + sizes + ")"
	}
	return name + " differs (" + sizes + ")"
}

// hasOtherContent reports whether a side lacks a blob, or has another one in its place.
func (p blobPair) hasOtherContent() bool { return p.a == nil || p.b == nil || p.a.Digest != p.b.Digest }

// blobChanges names the blobs of two artifacts that differ, a phrase each, at most three.
func blobChanges(pairs []blobPair, nameA, nameB string) []string {
	const most = 3
	differ := matching(pairs, func(p blobPair) bool { return !p.isSame() })
	texts := mapped(differ[:min(most, len(differ))], func(p blobPair) string { return p.text(nameA, nameB, len(pairs) == 1) })
	if more := len(differ) - most; more > 0 {
		texts = append(texts, plural(more, "more blob")+byNumber(more, " differs", " differ"))
	}
	return texts
}

// blobsText is the blobs that differ, and how many do not.
func blobsText(texts []string, sameConfig bool, pairs []blobPair) string {
	if !sameConfig {
		texts = append([]string{"the config differs"}, texts...)
	}
	if same := countOf(pairs, blobPair.isSame); same > 0 {
		texts = append(texts, fmt.Sprintf("%s besides the config %s the same", plural(same, "blob"), isAre(same)))
	}
	return strings.Join(texts, "; ")
}
