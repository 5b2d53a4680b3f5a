package tags_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/tags"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestFindDigest checks the tags that are found for a digest.
func TestFindDigest(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"9.9": "wide"})
	for i := range 60 {
		tag := fmt.Sprintf("1.%d", i)
		s.Points[tag], s.TagNames = tag, append(s.TagNames, tag)
	}
	s.Points["prod"], s.TagNames = "1.40", append(s.TagNames, "prod")
	s.Members = map[string][]string{"wide": {"inner", "other"}}
	s.Points["2.0"], s.TagNames = "other", append(s.TagNames, "2.0")
	for _, tt := range []struct{ name, says, under string }{
		{"1.40", fakereg.Short("1.40") + " is 1.40, prod", "1.40 "},
		{"inner", fakereg.Short("inner") + " matches no tag of this repository; listed in 9.9", "9.9 "},
		{"other", fakereg.Short("other") + " is 2.0; listed in 9.9", "2.0 "},
		{"nothing", fakereg.Short("nothing") + " matches no tag of this repository", "1.0 "},
	} {
		d := lookAt(t, s, nil, 80, 24)
		d.Keys("o", fakereg.Named(tt.name).String(), "enter")
		d.Sees(tt.says, "›  "+tt.under)
		d.Keys("esc")
		d.DoesNotSee(tt.says)
	}
	d := drive(t, ui.Options{Registry: s, Open: []model.Ref{fakereg.Ref(t, "localhost:5000/app@"+fakereg.Named("1.40").String())}}, 80, 24)
	d.Keys("d")
	d.Sees(fakereg.Short("1.40")+" is 1.40, prod", "›  1.40 ")
	d.Keys("down", "r") // the cursor stays where the person put it
	d.Sees(fakereg.Short("1.40") + " is 1.40, prod")
	if tag := tags.Cursor(top(d)); tag != "prod" {
		t.Errorf("the cursor is on %s", tag)
	}
}

// TestFindDigest_signature checks that the tags of signatures are not searched, and
// that the answer says so.
func TestFindDigest_signature(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "two"})
	signature := "sha256-" + fakereg.Named("two").Encoded() + ".sig"
	s.Points[signature], s.TagNames = "signature", append(s.TagNames, signature)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("o", fakereg.Named("signature").String(), "enter")
	d.Sees(fakereg.Short("signature") + " matches no tag here (signatures and attestations not checked)")
	d.Keys(".")
	d.Sees("signatures and attestations not checked", "+ sig")
}

// TestFindDigest_unresolvedTags checks that the answer is limited to resolved tags
// while a survey is only announced.
func TestFindDigest_unresolvedTags(t *testing.T) {
	s := fakereg.ManyTags(300)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("o", fakereg.Named("250").String(), "enter")
	d.Sees("Grouping needs", fakereg.Short("250")+" matches none of the resolved tags")
	d.Keys("enter")
	d.Sees(fakereg.Short("250")+" is 1.250", "›  1.250 ")
}

// TestGoto_withinRepository checks that short references need no repository name.
func TestGoto_withinRepository(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
	d.Keys("o", ":testing", "enter")
	d.Sees("reference    localhost:5000/app:testing")
	d.Keys("o", ":testing :prod", "enter")
	d.Sees("A :testing", "B :prod")
	d.Keys("o", ":testing@", "enter")
	d.Sees("go to:", "is not a")
}

// TestDigestLine_allocations checks that drawing the line does not scan the list:
// every frame draws it. A scan of 1,000 tags allocates 16 KB for their names.
func TestDigestLine_allocations(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(1000), nil, 80, 24)
	d.Keys("o", fakereg.Named("nothing").String(), "enter", "enter")
	d.Sees("matches no tag of this repository")
	list := top(d)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		tags.DigestLine(list)
	}
	runtime.ReadMemStats(&after)
	if bytes := (after.TotalAlloc - before.TotalAlloc) / 100; bytes > 8<<10 {
		t.Errorf("%d bytes for a frame", bytes)
	}
}
