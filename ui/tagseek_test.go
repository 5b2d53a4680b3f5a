package ui

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// TestWhichTagsAreThisDigest: the question of who has a digest and nothing else.
func TestWhichTagsAreThisDigest(t *testing.T) {
	s := newShelf(map[string]string{"9.9": "wide"})
	for i := range 60 {
		tag := fmt.Sprintf("1.%d", i)
		s.points[tag], s.tags = tag, append(s.tags, tag)
	}
	s.points["prod"], s.tags = "1.40", append(s.tags, "prod")
	s.children = map[string][]string{"wide": {"inner", "other"}}
	s.points["2.0"], s.tags = "other", append(s.tags, "2.0")
	for _, tt := range []struct{ name, says, under string }{
		{"1.40", short("1.40") + " is 1.40, prod", "1.40 "},
		{"inner", short("inner") + " is no tag of this repository; listed in 9.9", "9.9 "},
		{"other", short("other") + " is 2.0; listed in 9.9", "2.0 "},
		{"nothing", short("nothing") + " is no tag of this repository", "1.0 "},
	} {
		d := lookAt(t, s, nil, 80, 24)
		d.keys("o", named(tt.name).String(), "enter")
		d.sees(tt.says, "›  "+tt.under)
		d.keys("esc")
		d.doesNotSee(tt.says)
	}
	d := drive(t, Options{Registry: s, Open: []model.Ref{ref(t, "localhost:5000/app@"+named("1.40").String())}}, 80, 24)
	d.keys("d")
	d.sees(short("1.40")+" is 1.40, prod", "›  1.40 ")
	d.keys("down", "r") // the cursor is where the person has put it
	d.sees(short("1.40") + " is 1.40, prod")
	if tag, _ := d.tags().list.current(); tag != "prod" {
		t.Errorf("the cursor is on %s", tag)
	}
}

// TestWhichTagsBesideSignatures: tags that stand for them are not among those of an image.
func TestWhichTagsBesideSignatures(t *testing.T) {
	s := newShelf(map[string]string{"prod": "two"})
	signature := "sha256-" + named("two").Encoded() + ".sig"
	s.points[signature], s.tags = "signature", append(s.tags, signature)
	d := lookAt(t, s, nil, 80, 24)
	d.keys("o", named("signature").String(), "enter")
	d.sees(short("signature") + " is no tag of this repository, signatures and the like aside")
	d.keys(".")
	d.sees("signatures and the like aside", "+ sig")
}

// TestWhichTagsOfMany: nothing is denied that nobody has asked.
func TestWhichTagsOfMany(t *testing.T) {
	s := many(300)
	d := lookAt(t, s, nil, 80, 24)
	d.keys("o", named("250").String(), "enter")
	d.sees("To find tags of one image", short("250")+" is no tag that has been asked")
	d.keys("enter")
	d.sees(short("250")+" is 1.250", "›  1.250 ")
}

// TestShortPlaces: in a repository its name need not be typed.
func TestShortPlaces(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app")
	d.keys("o", ":testing", "enter")
	d.sees("reference    localhost:5000/app:testing")
	d.keys("o", ":testing :prod", "enter")
	d.sees("A :testing", "B :prod")
	d.keys("o", ":testing@", "enter")
	d.sees("go to:", "is not a")
}

// TestSeekLineLooksThroughNoList: it is painted with every frame, however long the
// list is. What looks through 1,000 tags needs 16 KB for their names.
func TestSeekLineLooksThroughNoList(t *testing.T) {
	d := lookAt(t, many(1000), nil, 80, 24)
	d.keys("o", named("nothing").String(), "enter", "enter")
	d.sees("is no tag of this repository")
	page := d.tags()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		page.seekLine()
	}
	runtime.ReadMemStats(&after)
	if bytes := (after.TotalAlloc - before.TotalAlloc) / 100; bytes > 8<<10 {
		t.Errorf("%d bytes for a frame", bytes)
	}
}
