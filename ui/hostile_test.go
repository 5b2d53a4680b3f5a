package ui

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/uitest"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// hostileRegistry is a registry that returns the same text in every place that holds
// text.
type hostileRegistry struct {
	fakereg.Images
	text string
}

func (f hostileRegistry) readError() error {
	return &model.ReadError{Message: "the registry answered: " + f.text, Next: f.text, Err: errors.New(f.text)}
}

func (f hostileRegistry) Children(context.Context, model.Ref) ([]v1.Descriptor, error) {
	return []v1.Descriptor{{Digest: digest.FromString("x"), MediaType: f.text, Platform: &v1.Platform{OS: f.text, Architecture: f.text}}}, nil
}

func (f hostileRegistry) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	info, err := f.Images.Peek(ctx, ref)
	if err != nil {
		return info, f.readError()
	}
	info.MediaType, info.Platforms = f.text, []string{f.text, "linux/amd64"}
	return info, nil
}

func (f hostileRegistry) Head(ctx context.Context, ref model.Ref) (digest.Digest, error) {
	if _, ok := f.ByTag[ref.Tag]; !ok {
		return "", f.readError()
	}
	return digest.Digest("sha256:" + f.text), nil // the fake is not verified
}

func (f hostileRegistry) Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error) {
	a, err := f.Images.Load(ctx, ref, arrived)
	if err != nil {
		return a, f.readError()
	}
	return a, nil
}

func (f hostileRegistry) Traffic() model.Traffic {
	return model.Traffic{
		Requests: 1, InFlight: 1,
		Pause: model.Pause{Host: f.text, Until: time.Now().Add(time.Hour)}, Quota: model.Quota{Host: f.text, Left: 1, Limit: 2},
	}
}

// newHostileRegistry has two images and an index that differ, with text in every place
// of an image.
func newHostileRegistry(t testing.TB, text string) hostileRegistry {
	t.Helper()
	a, b := hostileImage(t, text, "one"), hostileImage(t, text, "two")
	index := model.Artifact{
		Top: model.Manifest{Document: model.Document{Digest: digest.FromString("index"), MediaType: text, Raw: []byte(text)}, Kind: model.KindIndex, Annotations: map[string]string{text: text}},
		Entries: []model.Entry{
			a.Entries[0],
			{Descriptor: v1.Descriptor{Digest: digest.FromString("lost"), MediaType: text, Platform: &v1.Platform{OS: text, Architecture: text, Variant: text, OSVersion: text}}, Role: model.RoleImage, Err: errors.New(text)},
			{Descriptor: v1.Descriptor{Digest: digest.FromString("other"), MediaType: text, ArtifactType: text, Annotations: map[string]string{text: text}}, Role: model.RoleArtifact},
		},
		Done: true, Answers: []model.Answer{{Client: text, Status: 200, Digest: digest.Digest(text)}},
	}
	return hostileRegistry{text: text, Images: fakereg.Images{
		RepoNames: []string{"app", text}, TagNames: []string{"a", "b", "index", text, "x" + text},
		ByTag: map[string]model.Artifact{"a": a, "b": b, "index": index, text: a},
	}}
}

func hostileImage(t testing.TB, text, seed string) model.Artifact {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	hot := text
	if seed == "two" {
		hot = "no " + text[len(text)/2:]
	}
	conf, err := json.Marshal(map[string]any{
		"os": text, "architecture": text, "variant": text, "os.version": text, "author": text, "created": "2024-01-02T03:04:05Z",
		"docker_version": text, "container_config": map[string]any{"Hostname": text, "Cmd": []string{text}},
		"config": map[string]any{
			"User": text, "WorkingDir": text, "Env": []string{text, "A=" + text, seed + "=" + text}, "Cmd": []string{text, seed}, "Entrypoint": []string{text},
			"Labels": map[string]string{text: text, "seed": text + seed, "hot": hot}, "ExposedPorts": map[string]any{text: struct{}{}}, "Volumes": map[string]any{text: struct{}{}},
			"StopSignal": text, "Healthcheck": text, "OnBuild": []string{text}, "Shell": []string{text},
		},
		"rootfs": map[string]any{"type": text, "diff_ids": []string{digest.FromString("base").String(), digest.FromString(seed).String()}},
		"history": []map[string]any{
			{"created": "2024-01-02T03:04:05Z", "created_by": text, "comment": text, "author": text},
			{"created_by": "RUN " + text + seed, "comment": text},
			{"created_by": "ENV A=" + text, "empty_layer": true},
		},
	})
	must(err)
	raw, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": v1.MediaTypeImageManifest, "annotations": map[string]string{text: text, "seed": seed},
		"config": map[string]any{"mediaType": v1.MediaTypeImageConfig, "digest": digest.FromBytes(conf), "size": len(conf)},
		"layers": []map[string]any{
			{"mediaType": "tar" + text, "digest": digest.FromString("base blob"), "size": 1, "annotations": map[string]string{text: text}, "urls": []string{text}},
			{"mediaType": "tar" + text, "digest": digest.FromString(seed + " blob"), "size": 1 << 40},
		},
	})
	must(err)
	m, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: v1.MediaTypeImageManifest, Raw: raw})
	must(err)
	c, err := model.ParseConfig(model.Document{Digest: digest.FromBytes(conf), Raw: conf})
	must(err)
	img := model.NewImage(m, c)
	return model.Artifact{Top: m, Done: true, Entries: []model.Entry{{
		Descriptor: v1.Descriptor{Digest: m.Digest, MediaType: m.MediaType, Annotations: map[string]string{text: text}, Platform: &v1.Platform{OS: text, Architecture: text}}, Role: model.RoleImage, Image: &img,
	}}}
}

// hostileJournal contains only the text.
type hostileJournal struct{ text string }

func (j hostileJournal) History(model.Ref) (map[string]model.Timeline, error) {
	looks, err := j.Timeline(model.Ref{})
	return map[string]model.Timeline{"a": looks, j.text: looks}, err
}

func (j hostileJournal) Timeline(model.Ref) (model.Timeline, error) {
	then := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	return model.Timeline{
		{Digest: digest.Digest(j.text), MediaType: j.text, Created: &then, First: then, Last: then},
		{Digest: digest.FromString("x"), MediaType: j.text, First: then, Last: then},
	}, errors.New(j.text)
}

// tours visit all pages and views, a few screens each: the references to open and the
// keys to press.
var tours = []struct {
	open []string
	keys []string
}{
	{nil, []string{"?", "esc", "o"}},
	{[]string{""}, []string{"/"}},
	{[]string{"app"}, []string{"d", ".", "down", "t", "enter"}},
	{[]string{"app"}, []string{"space", "end", "space"}},
	{[]string{"app"}, []string{"end", "y", "enter", "y"}},
	{[]string{"app:a", "app:b"}, []string{"w", "esc", "f"}},
	{[]string{"app:a", "app:b"}, []string{"2", "p", "|"}},
	{[]string{"app:a", "app:b"}, []string{"3", "n", "enter", "l", "y"}},
	{[]string{"app:a", "app:b"}, []string{"4", "n", "enter", "c"}},
	{[]string{"app:a", "app:b"}, []string{"5", "pgdown", "|", "l"}},
	{[]string{"app:a", "app:b"}, []string{"6", "n", "x", "enter"}},
	{[]string{"app:a", "app:b"}, []string{"0", "end", "enter"}},
	{[]string{"app:index", "app:a"}, []string{"2", "end", "enter"}},
	{[]string{"app:index"}, []string{"1", "B"}},
	{[]string{"app:gone", "app:a"}, []string{"1", "T"}},
	{[]string{"app:a"}, []string{"3", "4", "5", "t"}},
}

// painters are reused: one takes longer to create than to fill.
var painters = sync.Pool{New: func() any { return uitest.NewPainter(80, 24) }}

// playTour plays a tour with text and checks each screen, or only the last one.
func playTour(t *testing.T, text string, tour int, each bool) {
	t.Helper()
	painter := painters.Get().(*uitest.Painter)
	defer painters.Put(painter)
	check := func(a App) {
		if each {
			checkScreen(t, painter, a)
		}
	}
	o := Options{Registry: newHostileRegistry(t, text), Journal: hostileJournal{text}, Hosts: func() []string { return []string{text} }, Glyphs: look.Unicode(), Platform: text}
	for _, r := range tours[tour].open {
		o.Open = append(o.Open, fakereg.Ref(t, "localhost:5000/"+r))
	}
	a := New(t.Context(), o)
	a.ticking = true // no timer: the requests of the fake never end
	d := driver.Start(t, a, 80, 24)
	check(app(d))
	for _, k := range tours[tour].keys {
		d.Keys(k)
		check(app(d))
	}
	if each {
		d.Send(tea.PasteMsg{Content: text})
	}
	checkScreen(t, painter, app(d))
	if clean := safe.Clean(d.Copied).String(); clean != d.Copied {
		t.Fatalf("%q went to the clipboard", d.Copied)
	}
}

var colours = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// checkScreen checks what is sent to the terminal: only text and colors, and every row
// as wide as the program computed.
func checkScreen(t *testing.T, painter *uitest.Painter, a App) {
	t.Helper()
	v := a.View()
	if clean := safe.Clean(v.WindowTitle).String(); clean != v.WindowTitle {
		t.Fatalf("the title is %q", v.WindowTitle)
	}
	lines := strings.Split(v.Content, "\n")
	frame := painter.Paint(v.Content)
	if len(lines) != a.height || frame.Cursor.Y != a.height-1 {
		t.Fatalf("%d lines, cursor in row %d", len(lines), frame.Cursor.Y)
	}
	for y, l := range lines {
		text := colours.ReplaceAllString(l, "")
		if clean := safe.Clean(text).String(); clean != text {
			t.Fatalf("row %d sends %q", y, text)
		}
		if width, runeWidth := displayed(l), ansi.StringWidthWc(l); width != runeWidth || width > a.width {
			t.Fatalf("row %d is %d or %d cells wide: %q", y, width, runeWidth, text)
		}
		if got, want := strings.TrimRight(frame.Row(y), " "), strings.TrimRight(text, " "); got != want {
			t.Fatalf("row %d shows %q, was sent %q", y, got, want)
		}
	}
}

// A sample of everything that a terminal interprets, hides or measures differently.
var hostileTexts = []string{
	"plain", "", " ", "-", "\x00\x01\x07\b\t\n\v\f\r\x7f", "\r\n\r\n\x85\u0085\u2028\u2029",
	"\x1b[2J\x1b[H\x1b[?1049l\x1b[?25h\x1b[?1000h\x1b[5;10r\x1b[8m\x1b[20t\x1b[6n\x1b[>4;2m\x1b[=1u",
	"\x1b]0;title\x07\x1b]2;title\x1b\\\x1b]52;c;cHduZWQ=\x07\x1b]8;;http://x\x07link\x1b]8;;\x07\x1b]1337;File=:AA==\x07",
	"\x1bP$q\"p\x1b\\\x1bPtmux;\x1b\x1b[2J\x1b\\\x1b_Gi=1\x1b\\\x1bXsos\x1b\\\x1b^pm\x1b\\\x1bc\x1b7\x1b8\x1b=\x1b(0\x1b#8\x1bN\x1bO",
	"\x9b2J\x9d0;t\x9c\x90q\x9c\x84\x85\x8d\x98\x9e\x9f", "\u009b2J\u009d0;t\u009c\u0090q\u009c\u0084\u0085\u008d\u0098\u009e\u009f",
	"\u202a\u202b\u202c\u202d\u202eevil\u2066\u2067\u2068\u2069\u200e\u200f\u061c", "שלום עולם 123 (abc) مرحبا",
	"a\u200bb\u200c\u200d\u2060\u2061\u2064\ufeff\u00ad\u034f\u115f\u1160\u17b4\u180e\u3164\uffa0\ufff9\ufffb\ufffc\u2800\U0001d159",
	"\U000e0001\U000e0041\U000e007f\ufe0f\ufe0e\U000e0100\u180b", "Z\u0351\u036b\u0343" + strings.Repeat("\u0301", 60), "\u0301\u20dd\u0489",
	"👩‍🚀👨‍👩‍👧‍👦🏳️‍🌈", "🇩🇪🇫🇷🇩", "👍🏽👋🏿🏻", "⚙️❤️1️⃣#⃣©️™", "配置日本語한국어ｆｕｌｌ", strings.Repeat("配", 100), strings.Repeat("a配\u0301", 60),
	"\u1100\u1161\u11a8\u1100\uac00\u11a8", "नमस्ते क्षत्रिय", "กำลังทำ น้ำ ກຳ", "ﾊﾞﾊﾟ", "☰⚊䷀⸻\U0001d300〰㊗", "§±°·×…—‘’“”←→≠≤≥■□▲○●★☆", "\ufffd\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80",
	"\ue000\uf8ff\U000f0000\U0010fffd\ufdd0\uffff", strings.Repeat("word", 200), strings.Repeat("w ", 300), "`|*_~<b>[x](http://y)![z](q)&amp;\\", `\x1b[31m\u202e\n%s%d%!`, "A_TOKEN=x\x1b[2Jy\u202ez",
}

// TestHostileText plays a third of the tours with each text; three texts in a row play
// all of them.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for i, text := range hostileTexts {
		for tour := i % 3; tour < len(tours); tour += 3 {
			playTour(t, text, tour, true)
		}
	}
}

func FuzzHostileText(f *testing.F) {
	for i, text := range hostileTexts {
		f.Add(text, uint8(i))
	}
	// Comparisons are slow: most inputs play the tours of lists.
	lists := []int{0, 1, 2, 3, 4}
	f.Fuzz(func(t *testing.T, text string, tour uint8) {
		if len(text) > 400 {
			t.Skip()
		}
		if n := int(tour) % (4 * len(tours)); n < len(tours) {
			playTour(t, text, n, false)
		} else {
			playTour(t, text, lists[n%len(lists)], false)
		}
	})
}
