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

// TestWhichTagsAreThisDigest: the question of who has a digest and nothing else.
func TestWhichTagsAreThisDigest(t *testing.T) {
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
		{"inner", fakereg.Short("inner") + " is no tag of this repository; listed in 9.9", "9.9 "},
		{"other", fakereg.Short("other") + " is 2.0; listed in 9.9", "2.0 "},
		{"nothing", fakereg.Short("nothing") + " is no tag of this repository", "1.0 "},
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
	d.Keys("down", "r") // the cursor is where the person has put it
	d.Sees(fakereg.Short("1.40") + " is 1.40, prod")
	if tag := tags.Cursor(top(d)); tag != "prod" {
		t.Errorf("the cursor is on %s", tag)
	}
}

// TestWhichTagsBesideSignatures: tags that stand for them are not among those
// of an image.
func TestWhichTagsBesideSignatures(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "two"})
	signature := "sha256-" + fakereg.Named("two").Encoded() + ".sig"
	s.Points[signature], s.TagNames = "signature", append(s.TagNames, signature)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("o", fakereg.Named("signature").String(), "enter")
	d.Sees(fakereg.Short("signature") + " is no tag of this repository, signatures and the like aside")
	d.Keys(".")
	d.Sees("signatures and the like aside", "+ sig")
}

// TestWhichTagsOfMany: nothing is denied that nobody has asked.
func TestWhichTagsOfMany(t *testing.T) {
	s := fakereg.ManyTags(300)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("o", fakereg.Named("250").String(), "enter")
	d.Sees("Grouping needs", fakereg.Short("250")+" is no tag that has been asked")
	d.Keys("enter")
	d.Sees(fakereg.Short("250")+" is 1.250", "›  1.250 ")
}

// TestShortPlaces: in a repository its name need not be typed.
func TestShortPlaces(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
	d.Keys("o", ":testing", "enter")
	d.Sees("reference    localhost:5000/app:testing")
	d.Keys("o", ":testing :prod", "enter")
	d.Sees("A :testing", "B :prod")
	d.Keys("o", ":testing@", "enter")
	d.Sees("go to:", "is not a")
}

// TestSeekLineLooksThroughNoList: it is painted with every frame, however long the
// list is. What looks through 1,000 tags needs 16 KB for their names.
func TestSeekLineLooksThroughNoList(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(1000), nil, 80, 24)
	d.Keys("o", fakereg.Named("nothing").String(), "enter", "enter")
	d.Sees("is no tag of this repository")
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
