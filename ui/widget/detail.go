package widget

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// detailPage shows one row of a sheet in full, with nothing cut off.
type detailPage struct {
	path      safe.Text
	row       Row
	sheet     Sheet
	layoutKey detailKey
}

// detailKey is what the lines of a detail depend on.
type detailKey struct {
	width  int
	reveal bool
}

// NewDetail returns the detail page of a row; path names the page that it belongs to.
func NewDetail(path safe.Text, r Row) page.Page { return detailPage{path: path, row: r} }

// NewProof returns the detail page of the proof of a row, which must have one.
func NewProof(path safe.Text, r Row) page.Page {
	r.Detail, r.Title, r.Proof = r.Proof, safe.Sprintf("proof: %s", r.Title), nil
	return NewDetail(path, r)
}

func (p detailPage) Start(context.Context) (page.Page, page.Effects) { return p, nil }

func (p detailPage) Layout(f page.Frame) (page.Page, page.Effects) {
	k := detailKey{f.Width, f.Gate.Reveal}
	if k == p.layoutKey {
		p.sheet = p.sheet.Sized(f.Height)
		return p, nil
	}
	p.sheet, p.layoutKey = p.sheet.With(p.row.Detail(f), f.Height), k
	return p, nil
}

func (p detailPage) Update(msg tea.Msg) (page.Page, page.Effects) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return p, nil
	}
	if s, moved := p.sheet.Move(press); moved {
		p.sheet = s
		return p, nil
	}
	r, _ := p.sheet.Current()
	switch {
	case key.Matches(press, page.Keys.Back), key.Matches(press, page.Keys.Open):
		return p, page.Send(page.PopMsg{})
	case key.Matches(press, page.Keys.Copy) && !r.Value.IsEmpty():
		return p, CopyRow(r)
	case key.Matches(press, page.Keys.Copy):
		return p, CopyRow(p.row)
	case key.Matches(press, page.Keys.Command) && !r.Command.IsEmpty():
		return p, CopyCommand(r)
	case key.Matches(press, page.Keys.Command):
		return p, CopyCommand(p.row)
	case key.Matches(press, page.Keys.Proof) && p.row.Proof != nil:
		return p, page.Send(page.PushMsg{Page: NewProof(p.path, p.row)})
	}
	return p, page.Unused(press)
}

func (p detailPage) View(f page.Frame) []look.Line { return p.sheet.View(f.Glyphs) }
func (p detailPage) Crumb() safe.Text              { return safe.Sprintf("%s: %s", p.path, p.row.Title) }
func (p detailPage) Typing() bool                  { return false }

func (p detailPage) Status() safe.Text {
	at, of := p.sheet.Position()
	return safe.Sprintf("%d/%d ", at, of)
}

func (p detailPage) Hints() []key.Binding {
	hints := []key.Binding{page.Keys.Copy, page.Describe(page.Keys.Command, "command"), page.Keys.Up, page.Keys.Down, page.Keys.Back}
	if p.row.Proof != nil {
		hints = append([]key.Binding{page.Describe(page.Keys.Proof, "why")}, hints...)
	}
	return hints
}

func (p detailPage) Help() page.KeyGroup {
	keys := []key.Binding{page.Describe(page.Keys.Copy, "copy the field under the cursor"), page.Keys.Command}
	if p.row.Proof != nil {
		keys = append(keys, page.Keys.Proof)
	}
	return page.KeyGroup{Name: "Detail", Keys: keys}
}
