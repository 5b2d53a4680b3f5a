package tags_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// imagesOf returns a registry where classic and list have the same config.
func imagesOf() fakereg.Repo {
	s := fakereg.NewRepo(map[string]string{"classic": "image", "list": "wide", "other": "another"})
	s.IDs = map[string]string{"image": "config", "wide": "config", "another": "config2"}
	s.Members = map[string][]string{"wide": {"inner"}}
	return s
}

// TestFilter_digest checks that a filter finds tags by digest, by an entry of an index and
// by image ID, and says why.
func TestFilter_digest(t *testing.T) {
	for typed, want := range map[string]struct{ tags, says string }{
		fakereg.Short("image")[:6]:           {"classic", ""},
		fakereg.Named("image").String():      {"classic", ""},
		fakereg.Short("inner"):               {"list", "lists " + fakereg.Short("inner")},
		fakereg.Short("config"):              {"classic list", "image ID " + fakereg.Short("config")},
		"sha256:" + fakereg.Short("config2"): {"other", "image ID " + fakereg.Short("config2")},
		fakereg.Short("config layer"):        {"classic list", "layer of step 2"},
		fakereg.Short("config2 files"):       {"other", "diff_id of step 2"},
		fakereg.Short("nothing"):             {"", "0 of 3"},
	} {
		d := lookAt(t, imagesOf(), nil, 100, 24)
		d.Keys("/", typed, "enter")
		if got := listed(d); got != want.tags {
			t.Errorf("%s: %q, want %q\n%s", typed, got, want.tags, d.Screen())
		}
		d.Sees(want.says)
		d.DoesNotSee("not looked at")
	}
}

// TestFilter_unread checks that the list says what a filter by digest could not look at,
// and that the keys that it names read it.
func TestFilter_unread(t *testing.T) {
	s := fakereg.ManyTags(300)
	s.IDs = map[string]string{"250": "config"}
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("/", fakereg.Short("250"))
	d.Sees("0 of 300", "digests (enter, then d)", "image IDs (s s: by created)")
	d.Keys("enter", "d", "enter")
	d.Sees("1 of 300", "›  1.250 ", "Reading what indexes list")
	d.Keys("esc") // not needed here
	d.DoesNotSee("digests (d)")
	d.Keys("esc", "/", fakereg.Short("config"), "enter")
	d.Sees("1 of 300", "image ID "+fakereg.Short("config")) // the row of 1.250 was in view
	d.Keys("s", "s", "enter")
	d.DoesNotSee("not looked at")
	d.Sees("1 of 300", "image ID "+fakereg.Short("config"))
}

// TestGoto_digest checks what o answers to the first digits of a digest.
func TestGoto_digest(t *testing.T) {
	for typed, want := range map[string]string{
		fakereg.Short("config"):              "is the image ID of :classic, :list",
		fakereg.Named("config").String():     "is the image ID of :classic, :list",
		"sha256:" + fakereg.Short("config2"): "is the image ID of :other",
		fakereg.Short("config layer"):        "is the layer of step 2 of :classic, :list",
		fakereg.Short("config files") + "…":  "is the diff_id of step 2 of :classic, :list",
		"@" + fakereg.Short("inner"):         "is the linux/amd64 entry in the index of :list",
		"sha256:0123":                        "sha256:0123 is too short: at least 12 digits of a digest are needed",
		strings.Repeat("0", 12):              "000000000000 was not found in the digests of 3 tags and the first image of each",
	} {
		d := lookAt(t, imagesOf(), nil, 100, 24)
		d.Keys("o", typed, "enter")
		d.Sees(want, "›  classic")
		d.Keys("down")
		d.DoesNotSee(want)
	}
}

// TestGoto_digestOfTag checks that the first digits of the digest of a tag open it.
func TestGoto_digestOfTag(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
	own := fakereg.Captured(t, "prod").Digest().Encoded()
	d.Keys("o", own[:12], "enter")
	d.Sees("reference    localhost:5000/app:prod")
	d.Keys("o", fakereg.Captured(t, "prod").Entries[0].Image.ID().Encoded()[:12], "enter")
	d.Sees("a694bf29e765 is the image ID of :prod")
	d.Keys("o", ":testing @"+own[:13], "enter")
	d.Sees("A :testing", "B @"+own[:12])
}

// TestFilter_afterComparison checks that the list knows the images that a comparison read.
func TestFilter_afterComparison(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app")
	d.Keys("/", "a694bf29e765", "enter")
	d.Sees("0 of 2")
	d.Keys("esc", "enter", "esc", "/", "a694bf29e765", "enter")
	d.Sees("1 of 2", "›  prod", "image ID a694bf29e765")
}

// TestSearchLine_unreadImages checks that the answer to a whole digest names the images that
// were not read, and that the key which it names reads them.
func TestSearchLine_unreadImages(t *testing.T) {
	s := fakereg.ManyTags(60)
	s.IDs = map[string]string{"50": "config"}
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("o", fakereg.Named("config").String(), "enter")
	d.Sees(fakereg.Short("config")+" matches no tag of this repository; not looked at:", "image IDs", "(s s: by")
	d.Keys("s", "s", "enter")
	d.Sees(fakereg.Short("config") + " is the image ID of :1.50")
}

// TestGoto_pastDigest checks that the digest which a tag had is found in the list and in
// the timeline.
func TestGoto_pastDigest(t *testing.T) {
	then := time.Date(2024, 10, 3, 9, 0, 0, 0, time.UTC)
	past := fakereg.Journal{"other": {{Digest: fakereg.Named("was"), First: then, Last: then}}}
	for _, keys := range [][]string{nil, {"down", "down", "t"}} {
		d := lookAt(t, imagesOf(), past, 80, 24)
		d.Keys(keys...)
		d.Keys("o", fakereg.Short("was"), "enter")
		d.Sees(":other then", "app:other@"+fakereg.Named("was").String()[:20])
	}
}

// TestSearchLine_imageID checks the answer to a whole digest that becomes known only after
// it was typed.
func TestSearchLine_imageID(t *testing.T) {
	s := imagesOf()
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("o", fakereg.Named("later").String(), "enter")
	d.Sees("matches no tag of this repository")
	s.IDs["another"] = "later"
	d.Keys("r")
	d.Sees(fakereg.Short("later")+" is the image ID of :other", "›  other")
}

// TestDigest_otherImages checks that the list says that some images of an index were not
// read, and not if all of them were.
func TestDigest_otherImages(t *testing.T) {
	const only = "of an index, not all images were read (enter on its tag reads all)"
	for _, members := range [][]string{{"inner"}, {"inner", "second"}} {
		s := imagesOf()
		s.Members["wide"] = members
		d, o := lookAt(t, s, nil, 100, 24), lookAt(t, s, nil, 100, 24)
		d.Keys("/", fakereg.Short("config of second"), "enter")
		o.Keys("o", fakereg.Named("config of second").String(), "enter")
		if len(members) > 1 {
			d.Sees("0 of 3", only)
			o.Sees(fakereg.Short("config of second") + " matches no tag here; of an index, not all images were read")
			d.Keys("esc", "/", fakereg.Short("config"), "enter")
		} else {
			o.Sees(fakereg.Short("config of second") + " matches no tag of this repository")
		}
		d.DoesNotSee(only)
	}
}

// TestFilter_pastDigest checks that the filter finds the digest that a tag had.
func TestFilter_pastDigest(t *testing.T) {
	then := time.Date(2024, 10, 3, 9, 0, 0, 0, time.UTC)
	d := lookAt(t, imagesOf(), fakereg.Journal{"other": {{Digest: fakereg.Named("was"), First: then, Last: then}}}, 100, 24)
	d.Keys("/", fakereg.Short("was"), "enter")
	d.Sees("1 of 3", "› ↷other", "had "+fakereg.Short("was"))
	d.Keys("esc", "/", fakereg.Short("another"), "enter")
	d.Sees("1 of 3", "› ↷other")
	d.DoesNotSee("had ")
}
