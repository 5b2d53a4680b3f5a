package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

func day(n int) time.Time { return time.Date(2019, 10, n, 14, 2, 0, 0, time.UTC) }

// looks makes a timeline of triples: an image, and the days on which it was first and last
// seen.
func looks(parts ...any) model.Timeline {
	var past model.Timeline
	for i := 0; i < len(parts); i += 3 {
		past = append(past, model.Sighting{Digest: parts[i].(digest.Digest), First: day(parts[i+1].(int)), Last: day(parts[i+2].(int))})
	}
	return past
}

// dated returns the tags with creation dates of their images.
func dated(set model.TagSet, images map[string]time.Time) model.TagSet {
	set.Created = map[digest.Digest]time.Time{}
	for image, at := range images {
		set.Created[named(image)] = at
	}
	return set
}

// at replaces the digest of a named image in a set of tags by d.
func at(set model.TagSet, name string, d digest.Digest) model.TagSet {
	set.Tags, set.Created, set.Children = slices.Clone(set.Tags), maps.Clone(set.Created), maps.Clone(set.Children)
	for i, t := range set.Tags {
		if t.Digest == named(name) {
			set.Tags[i].Digest = d
		}
	}
	if made, ok := set.Created[named(name)]; ok {
		set.Created[d] = made
	}
	if children, ok := set.Children[named(name)]; ok {
		set.Children[d] = children
	}
	return set
}

func around(c Comparison, a SideContext) Comparison { return c.WithTagContext(TagContext{A: a}) }

func tagCases(t *testing.T) []ruleCase {
	t.Helper()
	return slices.Concat(moveCases(t), releaseCases(t), siblingCases(t), archCases(t))
}

// onHosts compares tags of one repository on two hosts.
func onHosts(tagA, tagB string, imageA, imageB model.Image) Comparison {
	a, b := single(tagA, imageA), single(tagB, imageB)
	a.Ref.Registry, b.Ref.Registry = "one.example", "two.example"
	return Compare(a, b)
}

// moveCases rest on the journal.
func moveCases(t *testing.T) []ruleCase {
	t.Helper()
	made := func(version, created string) model.Image {
		return build{created: created, config: map[string]any{"Env": []string{"PYTHON_VERSION=" + version}, "Labels": map[string]string{"org.opencontainers.image.version": version}}}.image(t)
	}
	now, old := made("2.7.17", "2019-10-22T15:49:00Z"), made("2.7.16", "2019-10-18T10:00:00Z")
	d, was := now.Manifest.Digest, old.Manifest.Digest
	seen := func(tag string, past model.Timeline) Comparison {
		return around(Describe(single(tag, now)), SideContext{History: past})
	}
	pinned := single("", old)
	pinned.Ref.Digest = was
	then := single("2.7", now)
	then.Ref.At = "2019-10-22"
	beside := Compare(pinned, single("2.7", now)).WithTagContext(TagContext{B: SideContext{History: looks(was, 1, 3, d, 22, 22)}})
	back := func(created time.Time) Comparison {
		past := looks(named("x"), 1, 3)
		past[0].Created = &created
		return seen("2.7", past)
	}
	lists := func(set model.TagSet) Comparison {
		return around(Describe(single("latest", now)), SideContext{History: looks(named("before"), 1, 3), Tags: &set})
	}
	older, newer := at(tagSet("latest=now", "2.6.9=now", "2.7.0=before"), "now", d), at(tagSet("latest=now", "2.7.0=now", "2.6.9=before"), "now", d)
	rolled := Compare(single("2.7", old), pinnedTo(single("x", now))).WithTagContext(TagContext{A: SideContext{History: looks(d, 1, 3)}})
	moved := func(m Move) Comparison {
		return around(Describe(single("prod", now)), SideContext{Moved: m, History: looks(d, 1, 2)})
	}
	return []ruleCase{
		{"moved", seen("2.7", looks(named("x"), 1, 3)), "F1", 1, ":2.7 moved: on 3 Oct 2019 14:02 UTC it was " + short(named("x")) + ", now it is " + short(d) + ".", 2},
		{"the present look is noted", seen("2.7", looks(named("x"), 1, 3, d, 22, 22)), "F1", 1, "3 Oct 2019 14:02 UTC", 2},
		{"beside what it was", beside, "F1", 1, "now it is " + short(d) + " (PYTHON_VERSION 2.7.16 → 2.7.17).", 2},
		{"prod", seen("prod-eu", looks(named("x"), 1, 3)), "F1", 3, ":prod-eu", 2},
		{"products", seen("products", looks(named("x"), 1, 3)), "F1", 1, ":products", 2},
		{"it moved while it was read, and before", around(Describe(single("2.7", now)), SideContext{History: looks(named("x"), 1, 3, d, 22, 22), Moved: Move{To: named("y")}}), "F1", 1, "it was " + short(named("x")), 2},
		{"it moved back while it was read", around(Describe(single("2.7", now)), SideContext{History: looks(d, 1, 1, named("x"), 2, 3), Moved: Move{To: named("x")}}), "F1", 1, "it was " + short(named("x")), 2},
		{"never seen", seen("2.7", nil), "F1", -1, "", 0},
		{"as it was", seen("2.7", looks(d, 1, 3)), "F1", -1, "", 0},
		{"that it moved is known for days", seen("2.7", looks(named("x"), 1, 3, d, 20, 22)), "F1", -1, "", 0},
		{"by digest", around(Describe(pinned), SideContext{History: looks(named("x"), 1, 3)}), "F1", -1, "", 0},
		{"at a moment", around(Describe(then), SideContext{History: looks(named("x"), 1, 3)}), "F1", -1, "", 0},
		{"it moved while it was read", moved(Move{To: named("y"), At: day(3)}), "F1", -1, "", 0},

		{"a mirror that lags", onHosts("latest", "latest", old, now), "F7", 1, "one.example has an older build of :latest (18 Oct 2019 10:00 UTC) than two.example (22 Oct 2019 15:49 UTC).", 2},
		{"a mirror that lags, with its tags", onHosts("latest", "latest", now, old).WithTagContext(TagContext{A: SideContext{Tags: &model.TagSet{
			Tags: []model.Tagged{{Tag: "latest", Digest: d}, {Tag: "2.7.16", Digest: was}},
		}}}), "F7", 1, "On one.example the older image is :2.7.16.", 2},
		{"two tags on two hosts", onHosts("latest", "2.7", old, now), "F7", -1, "", 0},
		{"two hosts, one image", onHosts("latest", "latest", now, now), "F7", -1, "", 0},

		{"a release", seen("2.7.17", looks(named("x"), 1, 3)), "F2", 2, ":2.7.17 looks like a fixed release, but was pushed again: on 3 Oct 2019 14:02 UTC it was", 2},
		{"a minor version", seen("2.7", looks(named("x"), 1, 3)), "F2", -1, "", 0},
		{"a snapshot", seen("2.7.17-SNAPSHOT", looks(named("x"), 1, 3)), "F2", -1, "", 0},
		{"a release that stays", seen("2.7.17", looks(d, 1, 3)), "F2", -1, "", 0},

		{"an older build", back(day(23)), "F3", 3, ":2.7 went backwards: the current image was built on", 2},
		{"a newer build", back(day(18)), "F3", -1, "", 0},
		{"no real date", back(time.Unix(0, 0)), "F3", -1, "", 0},
		{"no date", seen("2.7", looks(named("x"), 1, 3)), "F3", -1, "", 0},
		{"an older release", lists(older), "F3", 3, ":latest went backwards: it is now :2.6.9 and was :2.7.0 before.", 2},
		{"a newer release", lists(newer), "F3", -1, "", 0},
		{"an older build of a list", lists(dated(tagSet("latest=now"), map[string]time.Time{"before": day(30)})), "F3", 3, "was built on", 2},
		{"an older version by its label", rolled, "F3", 3, ":2.7 went backwards: it is now version 2.7.16 and was 2.7.17 before.", 2},
		{"a newer version by its label", beside, "F3", -1, "", 0},

		{"changed while it was read", moved(Move{To: named("y"), At: day(3)}), "F6", 1, ":prod moved while it was read. Everything here is the first version (" + short(d) + ")", 2},
		{"changed after it was read", moved(Move{To: named("y"), At: day(3), Later: true}), "F6", 1, ":prod moved after it was read.", 2},
		{"a push in progress", moved(Move{To: named("y"), At: day(3), ToMember: true}), "F6", 1, "A push of :prod seems to be in progress", 2},
		{"it stayed", moved(Move{}), "F6", -1, "", 0},
		{"it came back", moved(Move{To: d}), "F6", -1, "", 0},
	}
}

func pinnedTo(a model.Artifact) model.Artifact {
	a.Ref = a.Ref.AtDigest(a.Top.Digest)
	return a
}

// releaseCases rest on the list of tags.
func releaseCases(t *testing.T) []ruleCase {
	t.Helper()
	img := app().image(t)
	in := func(tag string, set model.TagSet) Comparison {
		set = at(set, "it", img.Manifest.Digest)
		return around(Describe(single(tag, img)), SideContext{Tags: &set})
	}
	late := func(tag string, set model.TagSet, it, next int) Comparison {
		return in(tag, dated(set, map[string]time.Time{"it": day(it), "next": day(next)}))
	}
	part := tagSet("latest=it", "2.6.0=it", "2.7.0=next")
	part.Total = 3500
	return []ruleCase{
		{"two releases", in("1.2.3", tagSet("1.2.3=it", "1.2.4=it")), "F2", 1, ":1.2.3 and :1.2.4 are two releases but one image", 1},
		{"two releases, the other one", in("1.2.4", tagSet("1.2.3=it", "1.2.4=it")), "F2", 1, ":1.2.4 and :1.2.3 are two releases", 1},
		{"two spellings", in("1.2.3", tagSet("1.2.3=it", "v1.2.3=it", "1.2=it", "1.2.3-alpine=it")), "F2", -1, "", 0},
		{"a build number", in("1.2.3", tagSet("1.2.3=it", "1.2.3-4=it", "1.2.3.4=it")), "F2", -1, "", 0},
		{"a candidate that became the release", in("1.2.3", tagSet("1.2.3=it", "1.2.4-rc1=it")), "F2", -1, "", 0},
		{"a day like the one before", in("2024.01.15", tagSet("2024.01.15=it", "2024.01.16=it")), "F2", -1, "", 0},
		{"built late", late("1.2.3", tagSet("1.2.3=it", "1.2.4=next"), 10, 3), "F2", 1, ":1.2.3 was built on 10 Oct 2019 14:02 UTC, after :1.2.4 (3 Oct 2019 14:02 UTC)", 1},
		{"built late, of one flavour", late("1.2.3-alpine3.18", tagSet("1.2.3-alpine3.18=it", "1.2.4-alpine3.19=next"), 10, 3), "F2", 1, ":1.2.3-alpine3.18 was built", 1},
		{"built in order", late("1.2.3", tagSet("1.2.3=it", "1.2.4=next"), 3, 10), "F2", -1, "", 0},
		{"the later of the two", late("1.2.4", tagSet("1.2.4=it", "1.2.3=next"), 3, 10), "F2", -1, "", 0},
		{"built in one night", late("1.2.3", tagSet("1.2.3=it", "1.2.4=next"), 3, 3), "F2", -1, "", 0},
		{"another minor", late("1.2.3", tagSet("1.2.3=it", "1.3.0=next"), 10, 3), "F2", -1, "", 0},
		{"another flavour", late("1.2.3-slim", tagSet("1.2.3-slim=it", "1.2.4=next"), 10, 3), "F2", -1, "", 0},
		{"numbered builds", late("1.2.3-r9", tagSet("1.2.3-r9=it", "1.2.4-r0=next"), 10, 3), "F2", -1, "", 0},
		{"moves with numbered builds", late("1.2.3", tagSet("1.2.3=it", "1.2.3-r9=it", "1.2.4=next"), 10, 3), "F2", -1, "", 0},

		{"behind", in("latest", tagSet("latest=it", "2.6.0=it", "2.6.1=x", "2.7.0=next", "2.8.0-rc1=y", "3.0.0-alpine=z", "2024.01.15=w")), "F5", 1, ":latest is :2.6.0, 2 releases behind :2.7.0.", 2},
		{"behind, as far as it is known", in("latest", part), "F5", 1, "1 release behind", 2},
		{"the newest", in("latest", tagSet("latest=it", "2.7.0=it", "2.6.0=x", "2.8.0-rc1=y", "3.0.0-alpine=z")), "F5", -1, "", 0},
		{"no release", in("latest", tagSet("latest=it", "2.7=it", "2.7.1=x")), "F5", -1, "", 0},
		{"a release of which there are builds", in("latest", tagSet("latest=it", "2.7.0=it", "2.7.0.1=x")), "F5", -1, "", 0},
		{"another tag", in("stable", tagSet("stable=it", "latest=it", "2.6.0=it", "2.7.0=x")), "F5", -1, "", 0},
	}
}

func siblingCases(t *testing.T) []ruleCase {
	t.Helper()
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	list := index(t, "2.7", amd, arm)
	set := at(pythons(), "shared", list.Top.Digest)
	part, cut := set, set
	part.Total, cut.Truncated = 3500, true
	alone := at(tagSet("2.7=shared", "2.6=old"), "shared", list.Top.Digest)
	two := single("2", *amd.Image)
	both := at(tagSet("2=it", "2.7=it"), "it", two.Top.Digest)
	other := two
	other.Ref = ref("2.7")
	elsewhere := two
	elsewhere.Ref.Repository, elsewhere.Ref.Tag = "lib/python", "2.7.17"
	mirrored, owned := two, two
	mirrored.Ref.Registry, owned.Ref.Repository = "mirror.example", "own/"+two.Ref.Repository
	nowhere := tagSet("2.7.17=x")
	return []ruleCase{
		{"the second incident", around(Describe(list), SideContext{Tags: &set}), "F4", 0,
			":2.7 is the same index as :2.7.17 and :2; it has the same linux/amd64 as :2.7.17-amd64, :2.7.17-buster and :2.7-buster; it has the same linux/arm64 as :2.7.17-buster and :2.7-buster.", 3},
		{"a part of the tags", around(Describe(list), SideContext{Tags: &part}), "F4", 0, "Of 3500 tags, 9 were resolved.", 3},
		{"of a list that is cut", around(Describe(list), SideContext{Tags: &cut}), "F4", 0, "The list of tags is cut after 9, of which 9 were resolved.", 3},
		{"of another repository", Compare(two, elsewhere).WithTagContext(TagContext{A: SideContext{Tags: &both}, B: SideContext{Tags: &nowhere}}), "F4", 0, "app:2 is the same image as :2.7", 1},
		{"of another registry", Compare(two, mirrored).WithTagContext(TagContext{A: SideContext{Tags: &both}, B: SideContext{Tags: &nowhere}}), "F4", 0,
			":2 of localhost:5000 is the same image as :2.7", 1},
		{"of a repository with the same last part", Compare(two, owned).WithTagContext(TagContext{B: SideContext{Tags: &both}}), "F4", 0,
			"own/app:2 is the same image as :2.7", 1},
		{"no other", around(Describe(list), SideContext{Tags: &alone}), "F4", -1, "", 0},
		{"only the two that are compared", Compare(two, other).WithTagContext(TagContext{A: SideContext{Tags: &both}, B: SideContext{Tags: &both}}), "F4", -1, "", 0},
		{"no list of tags", Describe(list), "F4", -1, "", 0},
	}
}

func archCases(t *testing.T) []ruleCase {
	t.Helper()
	img := forArch("arm64").image(t)
	amd, arm := entry(forArch("amd64").image(t)), entry(img)
	in := func(a model.Artifact, set model.TagSet) Comparison {
		set = at(set, "it", a.Top.Digest)
		return around(Describe(a), SideContext{Tags: &set})
	}
	one := tagSet("latest=it", "4.3.5-arm64=it", "4.3.5-amd64=x")
	lone := tagSet("latest=it", "4.3.5-arm64=it", "4.3.5-arm64v8=x", "4.3.4-amd64=y")
	return []ruleCase{
		{"in a list", in(single("latest", img), one), "C12", 3, ":latest is exactly :4.3.5-arm64, and :4.3.5-amd64 exists too", 1},
		{"in a list, the suffixed one", in(single("4.3.5-arm64", img), one), "C12", 3, ":latest is exactly :4.3.5-arm64", 1},
		{"in a list, before the name", in(single("latest", img), tagSet("latest=it", "arm64v8-1=it", "amd64-1=x")), "C12", 3, ":latest is exactly :arm64v8-1, and :amd64-1", 1},
		{"in a list, with its receipt", in(index(t, "latest", arm, receipt(arm)), one), "C12", 3, ":latest is exactly :4.3.5-arm64", 1},
		{"in a list of one architecture", in(single("latest", img), lone), "C12", -1, "", 0},
		{"in a list, an index", in(index(t, "latest", amd, arm), one), "C12", -1, "", 0},
		{"in a list, no plain tag", in(single("4.3.5-arm64", img), tagSet("4.3.5-arm64=it", "4.3.5-amd64=x")), "C12", -1, "", 0},
	}
}

// TestTagFindings_complete checks that every finding about tags names its tags and has a
// proof, and that its commands are for these tags.
func TestTagFindings_complete(t *testing.T) {
	for _, tt := range tagCases(t) {
		f := found(tt.c, tt.id)
		if f == nil {
			continue
		}
		if len(f.Tags) == 0 || len(f.Proof) == 0 || f.Check.IsEmpty() {
			t.Errorf("%s %s: tags %q, proof %q, check %q", tt.id, tt.name, f.Tags, f.Proof, f.Check)
		}
	}
	f := found(moveCases(t)[0].c, "F1")
	want := "tagdiff localhost:5000/app@" + string(named("x")) + " :2.7"
	if f.Command.String() != want || f.Check.String() != "crane digest localhost:5000/app:2.7" {
		t.Errorf("%q, %q", f.Command, f.Check)
	}
	if beside := found(moveCases(t)[2].c, "F1"); !beside.Command.IsEmpty() || strings.Contains(beside.Next.String(), "command") {
		t.Errorf("%q compares what is compared: %q", beside.Command, beside.Next)
	}
}

// TestTagFindings_grouped checks that consequences are grouped under their cause.
func TestTagFindings_grouped(t *testing.T) {
	img := app().image(t)
	at := day(30)
	past := looks(named("x"), 1, 3)
	past[0].Created = &at
	c := around(Describe(single("1.2.3", build{created: "2019-10-01T00:00:00Z"}.image(t))), SideContext{History: past})
	groups := GroupByCause(c.Findings)
	if len(groups) != 2 || groups[0].ID != "F3" || groups[1].ID != "F2" || len(groups[1].Consequences) != 1 {
		t.Errorf("%+v", groups)
	}
	if c := around(Describe(single("1.2.3", img)), SideContext{}); len(c.Findings) != len(Describe(single("1.2.3", img)).Findings) {
		t.Error("something was found around nothing")
	}
}

func ExampleTagFindings() {
	set := tagSet("latest=a", "1.0.0=a", "1.0.1=b", "prod=c", "sha256-"+strings.Repeat("a", 64)+".sig=d")
	past := map[string]model.Timeline{"prod": looks(named("a"), 1, 3), "1.0.0": looks(named("a"), 1, 3)}
	for _, f := range TagFindings(set, past) {
		fmt.Println(f.ID, f.Severity, f.Tags, f.Text)
	}
	// Output:
	// F1 3 [prod] :prod moved: on 3 Oct 2019 14:02 UTC it was ca978112ca1b, now it is 2e7d2c03a950.
	// F5 1 [latest] :latest is :1.0.0, 1 release behind :1.0.1.
}
