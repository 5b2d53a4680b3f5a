package ui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// fake is a registry in memory.
type fake struct {
	contents    map[digest.Digest]model.Contents // of small layers
	repos, tags []string
	images      map[string]model.Artifact // by tag
	heads       map[string]digest.Digest  // where a tag points after it was read
	err         error
	peeks       *int
}

func (f fake) Repositories(_ context.Context, _ string, page func([]string)) error {
	page(f.repos)
	return f.err
}

func (f fake) Tags(_ context.Context, _ model.Ref, page func([]string)) error {
	for i := 0; i < len(f.tags); i += 1000 {
		page(f.tags[i:min(i+1000, len(f.tags))])
	}
	return f.err
}

func (f fake) Peek(_ context.Context, ref model.Ref) (model.TagInfo, error) {
	if f.peeks != nil {
		*f.peeks++
	}
	a, ok := f.images[ref.Tag]
	if !ok {
		return model.TagInfo{}, &model.Trouble{Say: "no such tag", Next: "look again"}
	}
	return model.TagInfo{Ref: ref, Digest: a.Digest(), Kind: a.Top.Kind, Platforms: []string{"linux/amd64"}, Size: 42}, nil
}

func (f fake) Load(_ context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error) {
	a, ok := f.images[ref.Tag]
	if !ok {
		return a, &model.Trouble{Say: "there is no " + ref.String(), Next: "check the name"}
	}
	a.Ref = ref
	early := a
	early.Done, early.Entries = false, []model.Entry{{Descriptor: a.Entries[0].Descriptor, Role: model.RoleImage}}
	arrived(early)
	arrived(a)
	return a, nil
}

func (f fake) Head(_ context.Context, ref model.Ref) (digest.Digest, error) {
	switch d, ok := f.heads[ref.Tag]; {
	case ok && d == "":
		return "", &model.Trouble{Say: "there is no " + ref.String(), Missing: true}
	case ok:
		return d, nil
	}
	if a, ok := f.images[ref.Tag]; ok {
		return a.Digest(), nil
	}
	return "", &model.Trouble{Say: "there is no " + ref.String(), Missing: true}
}

func (f fake) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	for _, tag := range tags {
		d, err := f.Head(ctx, repo.WithTag(tag))
		found([]model.Tagged{{Tag: tag, Digest: d, Err: err}})
	}
	return nil
}

func (f fake) Children(context.Context, model.Ref) ([]v1.Descriptor, error) { return nil, nil }

func (f fake) Contents(_ context.Context, _ model.Ref, layers []v1.Descriptor) (map[digest.Digest]model.Contents, error) {
	seen := map[digest.Digest]model.Contents{}
	for _, d := range layers {
		if c, ok := f.contents[d.Digest]; ok {
			seen[d.Digest] = c
		}
	}
	return seen, nil
}

func (f fake) Traffic() model.Traffic { return model.Traffic{} }

// retag is the captured incident: testing and prod of one repository.
func retag(t testing.TB) fake {
	t.Helper()
	images := map[string]model.Artifact{}
	for _, tag := range []string{"testing", "prod"} {
		images[tag] = captured(t, tag)
	}
	return fake{repos: []string{"app"}, tags: []string{"testing", "prod"}, images: images}
}

func captured(t testing.TB, tag string) model.Artifact {
	t.Helper()
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join("..", "testdata", "retag", name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	raw, conf := read(tag+".schema2.json"), read("config-a694bf29e765.json")
	m, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: model.MediaTypeDockerManifest, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	c, err := model.ParseConfig(model.Document{Digest: digest.FromBytes(conf), Raw: conf})
	if err != nil {
		t.Fatal(err)
	}
	img := model.NewImage(m, c)
	return model.Artifact{Top: m, Done: true, Entries: []model.Entry{{
		Descriptor: v1.Descriptor{Digest: m.Digest, MediaType: m.MediaType}, Role: model.RoleImage, Image: &img,
	}}}
}

// driver runs an App without a terminal: it carries out every command, one
// after another, until none is left.
type driver struct {
	t      *testing.T
	app    App
	quit   bool
	copied string
}

func drive(t *testing.T, o Options, width, height int) *driver {
	t.Helper()
	if o.Glyphs.Ellipsis.IsEmpty() {
		o.Glyphs = look.Unicode()
	}
	d := &driver{t: t, app: New(t.Context(), o)}
	d.app.deps.pulse = time.Millisecond
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	d.send(startMsg{})
	return d
}

func (d *driver) send(msg tea.Msg) {
	m, cmd := d.app.Update(msg)
	d.app = m.(App)
	d.run(cmd)
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
	case tea.QuitMsg:
		d.quit = true
	default:
		if strings.HasSuffix(fmt.Sprintf("%T", msg), "setClipboardMsg") {
			d.copied = fmt.Sprint(msg)
			return
		}
		d.send(msg)
	}
}

// keys types keys by their names: one letter each, or "enter", "esc", "tab".
func (d *driver) keys(names ...string) {
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp, "pgdown": tea.KeyPgDown, "space": tea.KeySpace, "end": tea.KeyEnd}
	for _, n := range names {
		if code, ok := codes[n]; ok {
			text := ""
			if code == tea.KeySpace {
				text = " "
			}
			d.send(tea.KeyPressMsg{Code: code, Text: text})
			continue
		}
		for _, r := range n {
			d.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

func (d *driver) screen() string {
	return uitest.Paint(d.app.View().Content, d.app.width, d.app.height).Text()
}

// sees fails unless all of texts are on the screen.
func (d *driver) sees(texts ...string) {
	d.t.Helper()
	s := d.screen()
	for _, want := range texts {
		if !strings.Contains(s, want) {
			d.t.Fatalf("%q is not on the screen:\n%s", want, s)
		}
	}
}

func (d *driver) doesNotSee(text string) {
	d.t.Helper()
	if s := d.screen(); strings.Contains(s, text) {
		d.t.Fatalf("%q is on the screen:\n%s", text, s)
	}
}

func ref(t testing.TB, s string) model.Ref {
	t.Helper()
	r, err := model.ParseRef(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
