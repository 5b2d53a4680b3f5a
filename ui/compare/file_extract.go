package compare

import (
	"cmp"
	"context"
	"path"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// extraction is the writing of a file to disk.
type extraction struct {
	running bool
	id      page.LoadID
	cancel  context.CancelFunc
	name    safe.Text
	read    int64 // bytes of the layer
	of      int64 // the size of the layer, of which reading may need only a part
}

// extractProgressMsg says how much of the layer was read, extractedMsg is the end of an extraction.
type (
	extractProgressMsg struct {
		id   page.LoadID
		read int64
	}
	extractedMsg struct {
		id   page.LoadID
		text safe.Text
	}
)

// pressExtract writes the file to disk, or asks which side's if the two contents differ.
func (p filePage) pressExtract() (filePage, page.Effects) {
	a, b := p.sources[0], p.sources[1]
	same := a.entry.Sum != inside.Hash{} && a.entry.Sum == b.entry.Sum
	switch {
	case p.extraction.running:
		return p, page.Toast(safe.Const("a file is being written; esc stops it"))
	case a.isFile() && b.isFile() && !same:
		p.asksSide = true
		return p, nil
	case b.isFile():
		return p.extract(b)
	case a.isFile():
		return p.extract(a)
	}
	return p, page.Toast(safe.Const("only the content of a file can be written"))
}

// pressSide handles the answer to which side is to be written.
func (p filePage) pressSide(msg tea.KeyPressMsg) (page.Page, page.Effects) {
	p.asksSide = false
	switch {
	case key.Matches(msg, page.Keys.MarkA):
		return p.extract(p.sources[0])
	case key.Matches(msg, page.Keys.MarkB):
		return p.extract(p.sources[1])
	}
	return p, page.Toast(safe.Const("nothing was written"))
}

// progressInterval limits how often the progress of an extraction is reported.
const progressInterval = 100 * time.Millisecond

// extract writes a file to the current folder, under a name that is safe there.
func (p filePage) extract(s fileSource) (filePage, page.Effects) {
	if limit := cmp.Or(p.env.MaxExtract, inside.MaxExtract); s.entry.Size > limit {
		return p, page.Toast(safe.Sprintf("not written: %s is more than %s; start tagdiff with a larger --max-read", look.Size(s.entry.Size),
			look.Size(limit)))
	}
	ctx, cancel := context.WithCancel(p.ctx)
	name := extractedName(s.entry.Path)
	id, reg := p.extraction.id+1, p.env.Registry
	p.extraction = extraction{running: true, id: id, cancel: cancel, name: safe.Clean(name), of: s.layer.Layer.Size}
	return p, page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		defer cancel()
		var last time.Time
		written, verified, err := reg.ExtractFile(ctx, s.repo, s.layer.Layer, s.entry, name, func(read int64) {
			if now := time.Now(); now.Sub(last) >= progressInterval {
				last = now
				report(extractProgressMsg{id, read})
			}
		})
		report(extractedMsg{id, extractedText(s.entry.Size, written, verified, err)})
	})
}

// extractedText says how the writing of a file ended.
func extractedText(size int64, written string, verified bool, err error) safe.Text {
	switch {
	case err != nil:
		return safe.Sprintf("not written: %s", model.ShortError(err))
	case !verified:
		return safe.Sprintf("wrote %s to %s; its content was not compared with a hash", look.Size(size), written)
	}
	return safe.Sprintf("wrote %s to %s", look.Size(size), written)
}

// stopExtraction cancels an extraction. What was written is removed.
func (p filePage) stopExtraction() (filePage, page.Effects) {
	p.extraction.cancel()
	p.extraction.running = false
	return p, page.Toast(safe.Sprintf("stopped: %s was not written", p.extraction.name))
}

// extractionUpdate handles the messages of an extraction. Those of one that was stopped do not count.
func (p filePage) extractionUpdate(msg tea.Msg) (filePage, page.Effects) {
	switch msg := msg.(type) {
	case extractProgressMsg:
		if msg.id == p.extraction.id {
			p.extraction.read = msg.read
		}
	case extractedMsg:
		if msg.id != p.extraction.id || !p.extraction.running {
			return p, nil
		}
		p.extraction.running = false
		return p, page.Toast(msg.text)
	}
	return p, nil
}

// extractionLine says how far an extraction is.
func (p filePage) extractionLine(f page.Frame) look.Line {
	e := p.extraction
	return look.L(look.Gap(1), look.S(look.Faint, safe.Const("Writing ")), look.P(safe.Sprintf("%s: %s read of a layer of %s. ", e.name,
		look.Size(e.read), look.Size(e.of))), look.S(look.Strong, safe.Const("esc")), look.P(safe.Const(" stops"))).To(f.Width, f.Glyphs.Ellipsis)
}

// extractedName is the name under which a file is written: the last part of its path with
// everything replaced that a shell, a terminal or a system may read as something else. It does not begin
// with a dot, since programs read such files unasked.
func extractedName(p string) string {
	const longest = 120
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-+", r) {
			return r
		}
		return '_'
	}, path.Base(p))
	if len(name) > longest {
		name = name[len(name)-longest:] // the extension stays
	}
	if trimmed := strings.TrimLeft(name, ".-"); trimmed != name {
		name = "_" + trimmed
	}
	if name = strings.TrimRight(name, "."); name == "" || name == "_" {
		return "file"
	}
	if stem, _, _ := strings.Cut(name, "."); isDeviceName(stem) {
		name = "_" + name
	}
	return name
}

// isDeviceName reports whether Windows opens a device in place of a file with a name.
func isDeviceName(stem string) bool {
	switch upper := strings.ToUpper(stem); upper {
	case "CON", "PRN", "AUX", "NUL":
		return true
	default:
		return len(upper) == 4 && (strings.HasPrefix(upper, "COM") || strings.HasPrefix(upper, "LPT")) && upper[3] >= '0' && upper[3] <= '9'
	}
}
