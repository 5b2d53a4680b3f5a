package compare

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// The limits of a file that is shown: larger ones are only described.
const (
	maxTextBytes = 1 << 20
	maxTextLines = 20_000
)

// fileSource says where a file can be read.
type fileSource struct {
	repo  model.Ref
	layer *model.Step // nil for a side without the file, or of which the layer is not known
	entry inside.Entry
}

// isFile reports whether there is a content to read.
func (s fileSource) isFile() bool { return s.layer != nil && s.entry.Kind == inside.File }

// fileContents are the contents of both sides: their lines side by side if both are texts, and else
// what is known of them as programs.
type fileContents struct {
	verified        bool
	isText          bool
	masked, reveals fileLines
	programs        [2]programFacts
	onlyTimes       bool // the contents are equal without the times that their format records
}

// fileLines are the lines of both sides as they are shown.
type fileLines struct {
	a, b  []safe.Text
	pairs []text.Pair
}

// newFileContents compares the lines of two contents if both are texts.
func newFileContents(path string, a, b []byte, verified bool) *fileContents {
	c := &fileContents{verified: verified, isText: isText(a) && isText(b)}
	if !c.isText {
		c.programs = [2]programFacts{programOf(a), programOf(b)}
		c.onlyTimes = isEqualButForTimes(path, a, b)
		return c
	}
	hidden, shown := safe.Gate{}, safe.Gate{Reveal: true}
	rawA, rawB := linesOf(shown, a), linesOf(shown, b)
	compare := func(g safe.Gate) fileLines {
		l := fileLines{a: linesOf(g, a), b: linesOf(g, b)}
		l.pairs = text.LinesDisplayed(plain(rawA), plain(rawB), plain(l.a), plain(l.b))
		return l
	}
	c.reveals = compare(shown)
	if c.masked = c.reveals; hidden.Mask(string(a)) != string(a) || hidden.Mask(string(b)) != string(b) {
		c.masked = compare(hidden)
	}
	return c
}

// linesOf returns the lines of a text, none of an empty one.
func linesOf(g safe.Gate, content []byte) []safe.Text {
	if len(content) == 0 {
		return nil
	}
	return g.Lines(strings.TrimSuffix(string(content), "\n"))
}

func plain(lines []safe.Text) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.String()
	}
	return out
}

// lines returns the lines to show.
func (c *fileContents) lines(g safe.Gate) fileLines {
	if g.Reveal {
		return c.reveals
	}
	return c.masked
}

// isText reports whether a content can be shown as lines.
func isText(content []byte) bool {
	return len(content) <= maxTextBytes && utf8.Valid(content) && !bytes.Contains(content[:min(len(content), 8<<10)], []byte{0}) &&
		bytes.Count(content, []byte{'\n'}) <= maxTextLines
}

// keptContents returns the contents of a file that were kept while the layers were read, nil if they were
// not. A kept text may be that of another entry with the same path.
func keptContents(shelf *inside.Shelf, a, b *inside.Entry) *fileContents {
	if shelf == nil || a == nil || b == nil {
		return nil
	}
	textA, okA := shelf.Text(0, a.Path)
	textB, okB := shelf.Text(1, b.Path)
	if !okA || !okB || sha256.Sum256(textA) != a.Sum || sha256.Sum256(textB) != b.Sum {
		return nil
	}
	return newFileContents(b.Path, textA, textB, true)
}

// programFacts is what a program says of itself.
type programFacts struct {
	machine, buildID string
	goVersion        string
	modules          []string // of Go, each with its version; the main module with its revision first
	settings         []string // of the build, as -trimpath=true
}

// isEqualButForTimes reports whether two contents of one format are equal without the times that it
// records. It changes both.
func isEqualButForTimes(path string, a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	sumA, okA := inside.Normalized(path, a)
	sumB, okB := inside.Normalized(path, b)
	return okA && okB && sumA == sumB
}

// onlyIn returns the lines of a that b does not have.
func onlyIn(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

// programOf returns what a program says of itself, nothing of other files. The bytes are untrusted.
func programOf(content []byte) (facts programFacts) {
	defer func() { // debug/elf and debug/buildinfo are not made for hostile files
		if recover() != nil {
			facts = programFacts{}
		}
	}()
	f, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return facts
	}
	facts.machine = strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_"))
	facts.buildID = buildIDOf(f)
	if info, err := buildinfo.Read(bytes.NewReader(content)); err == nil {
		facts.goVersion = info.GoVersion
		facts.modules = []string{strings.TrimSpace(info.Main.Path + " " + info.Main.Version)}
		for _, m := range info.Deps {
			for m.Replace != nil {
				m = m.Replace
			}
			facts.modules = append(facts.modules, m.Path+" "+m.Version)
		}
		for _, s := range info.Settings {
			facts.settings = append(facts.settings, s.Key+"="+s.Value)
		}
	}
	return facts
}

// buildIDOf returns the build ID that linkers write into a note, "" for none.
func buildIDOf(f *elf.File) string {
	const head, most = 16, 1 << 10 // three numbers and "GNU\x00"
	s := f.Section(".note.gnu.build-id")
	if s == nil || s.Flags&elf.SHF_COMPRESSED != 0 || s.FileSize <= head || s.FileSize > most {
		return ""
	}
	note, err := s.Data()
	if err != nil || len(note) <= head {
		return ""
	}
	return hex.EncodeToString(note[head:])
}

// readFile returns the command that reads the content of both sides to show them.
func readFile(ctx context.Context, reg page.Registry, sources [2]fileSource) page.Effects {
	return page.Once(ctx, func(ctx context.Context) tea.Msg {
		var contents [2][]byte
		verified := true
		for i, s := range sources {
			if !s.isFile() {
				continue
			}
			got, err := reg.ReadFile(ctx, s.repo, s.layer.Layer, s.entry, inside.MaxProgram)
			if err != nil {
				return fileContentsMsg{err: err}
			}
			contents[i], verified = got.Bytes, verified && got.Verified
		}
		return fileContentsMsg{contents: newFileContents(sources[1].entry.Path, contents[0], contents[1], verified)}
	})
}
