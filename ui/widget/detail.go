package widget

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// detailPage shows one row of a sheet in full, with nothing cut off. It opens at the first difference.
type detailPage struct {
	path      safe.Text
	row       Row
	around    Around
	doc       Document
	unfolded  bool // rows that were folded are shown
	layoutKey detailKey
}

// detailKey is what the lines of a detail depend on.
type detailKey struct {
	width            int
	reveal, unfolded bool
}

// Around is what the page below has before and after the row of a detail.
type Around struct {
	Before, After bool // it has a row that differs there, which it can open
	AtLast        bool // the detail opens at its last difference
	HasTabs       bool // it goes to a tab by its number: the detail closes for that
}

// OpenNextMsg makes the page below open its next row that differs in direction Dir. A page that closes
// sends it as its payload.
type OpenNextMsg struct{ Dir int }

// NewDetail returns the detail page of a row; path names the page that it belongs to.
func NewDetail(path safe.Text, r Row) page.Page { return detailPage{path: path, row: r} }

// NewDetailAmong returns the detail page of a row from which n and N go on to the differences around it.
func NewDetailAmong(path safe.Text, r Row, around Around) page.Page {
	return detailPage{path: path, row: r, around: around}
}

// NewProof returns the detail page of the proof of a row, which must have one.
func NewProof(path safe.Text, r Row) page.Page {
	r.Detail, r.Title, r.Proof = r.Proof, safe.Sprintf("proof: %s", r.Title), nil
	return NewDetail(path, r)
}

func (p detailPage) Start(context.Context) (page.Page, page.Effects) { return p, nil }

func (p detailPage) Layout(f page.Frame) (page.Page, page.Effects) {
	k := detailKey{f.Width, f.Gate.Reveal, p.unfolded}
	if k == p.layoutKey {
		p.doc = p.doc.Sized(f.Height)
		return p, nil
	}
	isFirst := p.layoutKey == detailKey{}
	p.doc, p.layoutKey = p.doc.With(p.rows(f), f.Height), k
	if isFirst {
		p.doc.Sheet = p.doc.ToDifference(p.around.AtLast)
	}
	return p, nil
}

// rows returns the rows of the detail, without those that are folded.
func (p detailPage) rows(f page.Frame) []Row {
	var rows []Row
	for _, r := range p.row.Detail(f) {
		if p.unfolded && r.Folded != nil {
			rows = append(rows, r.Folded...)
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

func (p detailPage) Update(msg tea.Msg) (page.Page, page.Effects) {
	doc, effects, handled := p.doc.Update(msg)
	p.doc = doc
	press, ok := msg.(tea.KeyPressMsg)
	if !ok || handled {
		return p, effects
	}
	r, _ := p.doc.Current()
	switch {
	case key.Matches(press, page.Keys.Open) && r.Folded != nil, key.Matches(press, page.Keys.Fold):
		p.unfolded = !p.unfolded
		return p, nil
	case key.Matches(press, page.Keys.Back), key.Matches(press, page.Keys.Open):
		return p, page.Send(page.PopMsg{})
	case key.Matches(press, page.Keys.Next):
		return p.nextDifference(1)
	case key.Matches(press, page.Keys.Prev):
		return p.nextDifference(-1)
	case key.Matches(press, page.Keys.Copy) && r.HasValue():
		return p, CopyRow(r)
	case key.Matches(press, page.Keys.Copy):
		return p, CopyRow(p.row)
	case key.Matches(press, page.Keys.Command) && !r.Command.IsEmpty():
		return p, CopyCommand(r)
	case key.Matches(press, page.Keys.Command):
		return p, CopyCommand(p.row)
	case key.Matches(press, page.Keys.Proof) && p.row.Proof != nil:
		return p, page.Send(page.PushMsg{Page: NewProof(p.path, p.row)})
	case key.Matches(press, page.Keys.Tab) && p.around.HasTabs:
		return p, page.Send(page.PopMsg{Payload: press})
	}
	return p, page.Unused(press)
}

// nextDifference goes to the next difference of the row, and after the last one to the next row that
// differs.
func (p detailPage) nextDifference(dir int) (page.Page, page.Effects) {
	if s, found := p.doc.NextDifference(dir); found {
		p.doc.Sheet = s
		return p, nil
	}
	return p, p.around.Leave(dir)
}

// Leave goes on to the next row that differs, if there is one in direction dir.
func (a Around) Leave(dir int) page.Effects {
	if dir > 0 && a.After || dir < 0 && a.Before {
		return page.Send(page.PopMsg{Payload: OpenNextMsg{dir}})
	}
	return page.Toast(safe.Const("no more differences in this direction"))
}

func (p detailPage) View(f page.Frame) []look.Line { return p.doc.View(f) }
func (p detailPage) Crumb() safe.Text              { return safe.Sprintf("%s: %s", p.path, p.row.Title) }
func (p detailPage) Title() safe.Text              { return p.row.Title }
func (p detailPage) Typing() bool                  { return p.doc.Search.Open }

// PagerLines returns the lines of the detail with all that is folded.
func (p detailPage) PagerLines(f page.Frame) []safe.Text {
	p.unfolded = true
	return append([]safe.Text{p.Crumb(), {}}, Sheet{}.With(p.rows(f), 1).TextLines()...)
}

func (p detailPage) Status() safe.Text {
	at, of := p.doc.Position()
	return safe.Sprintf("%d/%d ", at, of)
}

func (p detailPage) Hints() []key.Binding {
	if hints, ok := p.doc.SearchHints(); ok {
		return hints
	}
	hints := []key.Binding{page.Keys.Copy, page.Describe(page.Keys.Command, "command"), page.Describe(page.Keys.Filter, "search"),
		page.Keys.Back, page.Keys.Up, page.Keys.Down}
	if p.row.Proof != nil {
		hints = append([]key.Binding{page.Describe(page.Keys.Proof, "why")}, hints...)
	}
	if p.around.Before || p.around.After {
		hints = append([]key.Binding{page.Describe(page.Keys.Next, "next diff")}, hints...)
	}
	return hints
}

func (p detailPage) Help() page.KeyGroup {
	keys := []key.Binding{
		page.Describe(page.Keys.Next, "next difference, here or in the next row that differs"),
		page.Describe(page.Keys.Prev, "previous difference"),
		page.Describe(page.Keys.Filter, "search; n and N go through the matches"),
		page.Describe(page.Keys.Open, "back; on a folded line: show it"), page.Describe(page.Keys.Fold, "show or hide folded lines"),
		page.Describe(page.Keys.Copy, "copy the field under the cursor"), page.Keys.Command,
	}
	if p.row.Proof != nil {
		keys = append(keys, page.Keys.Proof)
	}
	return page.KeyGroup{Name: "Detail", Keys: keys}
}
