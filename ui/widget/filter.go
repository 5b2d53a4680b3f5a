package widget

import (
	"regexp"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// Filter restricts a list to the names that match its text. Text with upper case letters
// is case-sensitive, as with smartcase in vim.
type Filter struct {
	Input      Input
	Open       bool // keys are text input of the filter
	Active     bool // the filter has a text and applies
	mode       filterMode
	text       string         // the text that applies
	ignoreCase bool           // the text has no upper case letters
	expr       *regexp.Regexp // for byRegexp; nil while the text is not a valid expression
}

// filterMode is the interpretation of the text.
type filterMode int

const (
	bySubstring filterMode = iota
	byFuzzy                // its letters in this order, with others between them
	byRegexp
	filterModes
)

var filterLabels = [filterModes]safe.Text{safe.Const("/"), safe.Const("fuzzy/"), safe.Const("regex/")}

// Matches reports whether s matches.
func (f Filter) Matches(s string) bool {
	if !f.Active {
		return true
	}
	switch f.mode {
	case byFuzzy:
		return len(fuzzy.FindNoSort(f.text, []string{s})) > 0
	case byRegexp:
		return f.expr == nil || f.expr.MatchString(s)
	}
	if f.ignoreCase {
		s = strings.ToLower(s)
	}
	return strings.Contains(s, f.text)
}

// Passing returns the names that match, in their order; with a fuzzy filter, the best
// match first. Without a filter it returns all itself.
func (f Filter) Passing(all []string) []string {
	if !f.Active {
		return all
	}
	var kept []string
	if f.mode == byFuzzy {
		for _, m := range fuzzy.Find(f.text, all) {
			kept = append(kept, m.Str)
		}
		return kept
	}
	for _, s := range all {
		if f.Matches(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// How well a name matches a filter; a lower rank is a better match.
const (
	rankExact    = iota
	rankExactEnd // the last part of a path is the text
	rankStart
	rankStartOfEnd // the last part of a path begins with the text
	rankStartOfWord
	rankOther
)

// Rank returns how well s matches, 0 for the text itself. It is the same for all that match
// only by the rules of a fuzzy filter or a regular expression.
func (f Filter) Rank(s string) int {
	text := f.text
	if f.ignoreCase {
		s = strings.ToLower(s)
	}
	end := s[strings.LastIndexByte(s, '/')+1:]
	switch at := strings.Index(s, text); {
	case s == text:
		return rankExact
	case end == text:
		return rankExactEnd
	case f.mode != bySubstring || at < 0:
		return rankOther
	case at == 0:
		return rankStart
	case strings.HasPrefix(end, text):
		return rankStartOfEnd
	case strings.ContainsRune(" -._/:+@", rune(s[at-1])):
		return rankStartOfWord
	}
	return rankOther
}

// Best returns the index of the name that matches best, the first of equals, and 0 without names.
func (f Filter) Best(names []string) int {
	best, rank := 0, rankOther+1
	for i, name := range names {
		if r := f.Rank(name); r < rank {
			best, rank = i, r
		}
		if rank == rankExact {
			break
		}
	}
	return best
}

// SameText reports whether two filters look for the same.
func (f Filter) SameText(o Filter) bool {
	return f.Active == o.Active && f.mode == o.mode && f.text == o.text
}

// NewFilter returns a filter that applies, as if its text had been typed. The text may be empty.
func NewFilter(text string) Filter {
	f := Filter{Input: NewInputWith(filterLabels[bySubstring], text)}
	return f.compiled()
}

// minFilterDigits is the number of hex digits from which on a text may be a digest.
const minFilterDigits = 6

// DigestPrefix returns the text as the first digits of a digest. ok is false for other
// texts.
func (f Filter) DigestPrefix() (_ model.DigestPrefix, ok bool) {
	if !f.Active {
		return "", false
	}
	return model.ParseDigestPrefix(f.text, minFilterDigits)
}

// Update handles a message. handled is false if it is not for the filter.
func (f Filter) Update(msg tea.Msg) (_ Filter, changed, handled bool) {
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case f.Open && isKey:
		return f.updateInput(press)
	case f.Open:
		f.Input = f.Input.Update(msg)
		return f.compiled(), true, true
	case isKey && key.Matches(press, page.Keys.Filter):
		f.Open = true
		f.Input = f.Input.Selected()
		if !f.Active {
			f.Input = NewInput(filterLabels[f.mode])
		}
		return f, false, true
	case isKey && f.Active && key.Matches(press, page.Keys.Back):
		return Filter{mode: f.mode}, true, true
	}
	return f, false, false
}

// updateInput handles a key while the filter is being typed. Keys that move the cursor
// are left to the list.
func (f Filter) updateInput(press tea.KeyPressMsg) (_ Filter, changed, handled bool) {
	if isFilterMove(press) {
		return f, false, false
	}
	switch press.String() {
	case "esc":
		return Filter{mode: f.mode}, true, true
	case "enter":
		f.Open, f.Active = false, f.Input.Value() != ""
		return f, true, true
	case "tab":
		f.mode = (f.mode + 1) % filterModes
		f.Input.Label = filterLabels[f.mode]
		return f.compiled(), true, true
	}
	f.Input = f.Input.Update(press)
	return f.compiled(), true, true
}

// isFilterMove reports whether a key moves the cursor of the list while the filter is being typed.
func isFilterMove(press tea.KeyPressMsg) bool {
	return slices.Contains([]string{"up", "down", "pgup", "pgdown"}, press.String())
}

// compiled prepares f for matching. An invalid regular expression matches everything.
func (f Filter) compiled() Filter {
	text := f.Input.Value()
	f.text, f.ignoreCase = text, strings.ToLower(text) == text
	f.Active, f.expr, f.Input.Err = text != "", nil, safe.Text{}
	if f.mode != byRegexp || !f.Active {
		return f
	}
	if f.ignoreCase {
		text = "(?i)" + text
	}
	expr, err := regexp.Compile(text)
	if err != nil {
		f.Input.Err = safe.Const("not a regular expression yet")
		return f
	}
	f.expr = expr
	return f
}

// Line returns the filter as a line of the page, if it is in use.
func (f Filter) Line(width, shown, all int) (look.Line, bool) {
	if !f.Open && !f.Active {
		return look.Line{}, false
	}
	l := look.L(look.S(look.Strong, filterLabels[f.mode]), look.P(safe.Clean(f.Input.Value())))
	if f.Open {
		l = f.Input.Line(width - 20)
	}
	if !f.Input.Err.IsEmpty() {
		return l.With(look.S(look.Warn, safe.Sprintf("   %s", f.Input.Err))), true
	}
	return l.With(look.S(look.Faint, safe.Sprintf("   %d of %d", shown, all))), true
}

// NoMatchHints returns the keys of a list in which nothing matches the filter.
func (f Filter) NoMatchHints() []key.Binding {
	return []key.Binding{page.Describe(page.Keys.Filter, "change the filter"), page.Describe(page.Keys.Back, "clear it")}
}

// Hints returns the keys while the filter is being typed.
func (f Filter) Hints() []key.Binding {
	next := [filterModes]string{"fuzzy", "regular expression", "plain text"}[f.mode]
	return []key.Binding{page.Describe(page.Keys.Open, "keep the filter"), page.Bind("tab", next, "tab"),
		page.Describe(page.Keys.Back, "clear it")}
}
