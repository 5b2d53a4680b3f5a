package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// TestUnknownPlatforms: an image without a label that cannot be read may have any platform. What
// follows from the platforms of the sides is then not said.
func TestUnknownPlatforms(t *testing.T) {
	amd, arm, s390 := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t)), entry(forArch("s390x").image(t))
	lost, unread := nameless(gone(arm, true)), nameless(gone(arm, false))
	of := func(e model.Entry) model.Entry {
		e.Descriptor.Annotations = map[string]string{v1.AnnotationRevision: "3fb6ebca4163bf5b", v1.AnnotationSource: "https://example.org/hello.git#3fb6:amd64"}
		return e
	}
	list := func(tag string, entries ...model.Entry) model.Artifact { return index(t, tag, entries...) }
	unstated := func(os string) model.Entry {
		e := nameless(entry(build{os: os, steps: []step{does("COPY x /", files("x"))}, more: map[string]any{"architecture": ""}}.image(t)))
		return e
	}
	const noneInCommon = "No platform in common"
	otherCommit := of(amd)
	otherCommit.Descriptor.Annotations = map[string]string{v1.AnnotationRevision: "9f8e7d6", v1.AnnotationSource: "https://example.org/hello"}
	for name, c := range map[string]Comparison{
		"two commits":        Compare(list("a", of(lost)), list("b", otherCommit)),
		"arm64 may be there": Compare(list("a", amd, arm), list("b", amd, nameless(gone(s390, true)))),
	} {
		said := c.Verdict.Headline.String() + c.Verdict.Because.String()
		if strings.Contains(said, "Images of both") || strings.Contains(said, "linux/arm64 only in") {
			t.Errorf("%s: %s", name, said)
		}
	}
	for name, tt := range map[string]struct {
		c                 Comparison
		headline, because string
		trust             Trust
		c1, c2            bool
	}{
		"all are missing": {Compare(list("a", lost, nameless(gone(s390, true))), list("b", amd)),
			"Both images of :a are missing in the registry, and the index states no platform for them", ":a has 2 images of unknown platforms; :b has linux/amd64. It is unknown whether they have a platform in common", Proved, false, false},
		"one is missing": {Compare(list("a", s390, lost), list("b", amd)),
			"1 image of :a is missing in the registry, and the index states no platform for it", "It is unknown", Proved, true, false},
		"missing on B": {Compare(list("a", amd), list("b", lost)), "The only image of :b is missing in the registry, and the index states no platform for it", "", Proved, false, false},
		"not readable": {Compare(list("a", unread), list("b", amd)), "The only image of :a could not be read, and the index states no platform", "", Inferred, false, false},
		"of one commit": {Compare(list("a", of(lost)), list("b", of(amd))), "The only image",
			"Images of both are of commit 3fb6ebca4163 of https://example.org/hello, as the annotations of their index entries state", Proved, false, false},
		"no architecture": {Compare(list("a", unstated("linux")), list("b", amd)), ":a states no architecture",
			":a has linux; :b has linux/amd64. It is unknown whether they have a platform in common", Proved, false, false},
		"no architecture, another system": {Compare(list("a", unstated("windows")), list("b", amd)), noneInCommon, "", Proved, true, true},
		"missing, with a label":           {Compare(list("a", gone(arm, true)), list("b", amd)), noneInCommon, ":a has linux/arm64; :b has linux/amd64", Proved, true, true},
		"read, without a label":           {Compare(list("a", nameless(arm)), list("b", amd)), noneInCommon, "", Proved, true, true},
		"beside a platform of both":       {Compare(list("a", amd, arm), list("b", amd, nameless(gone(s390, true)))), "sha256:" + short(s390.Descriptor.Digest) + " of :b is missing in the registry", "", Proved, false, false},
		"beside a platform of both, on A": {Compare(list("a", amd, lost), list("b", amd, s390)), "sha256:" + short(arm.Descriptor.Digest) + " of :a is missing", "", Proved, false, false},
		"beside a platform that is lost":  {Compare(list("a", amd, s390, lost), list("b", amd)), "sha256:" + short(arm.Descriptor.Digest) + " of :a is missing", "", Proved, true, false},
	} {
		v := tt.c.Verdict
		if v.Code == Pending || v.Trust != tt.trust || !strings.HasPrefix(v.Headline.String(), tt.headline) || !strings.Contains(v.Because.String(), tt.because) {
			t.Errorf("%s: %s %q, because %q", name, v.Trust, v.Headline, v.Because)
		}
		if c1, c2 := found(tt.c, "C1") != nil, found(tt.c, "C2") != nil; c1 != tt.c1 || c2 != tt.c2 {
			t.Errorf("%s: C1 %t, C2 %t", name, c1, c2)
		}
	}
}
