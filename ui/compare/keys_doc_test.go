package compare_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"charm.land/bubbles/v2/key"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/tags"
	"github.com/tagdiff/tagdiff/ui/uitest"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// TestKeys_doc writes the tables of docs/keys.md from the help of each page. The notes at the end of that page are
// written by hand.
func TestKeys_doc(t *testing.T) {
	const notes = "\n## Notes\n"
	helpOf := func(o ui.Options) []key.Binding {
		o.Registry = fakereg.Retag(t)
		_, top := ui.New(t.Context(), o).Top()
		return top.Help().Keys
	}
	opened := func(places ...string) (o ui.Options) {
		for _, p := range places {
			o.Open = append(o.Open, fakereg.Ref(t, p))
		}
		return o
	}
	proof := widget.Row{Proof: func(page.Frame) []widget.Row { return nil }}
	groups := []page.KeyGroup{
		{Name: "Every screen", Keys: page.GlobalKeys.Keys}, {Name: "Lists and texts", Keys: page.MoveKeys.Keys},
		{Name: "Home", Keys: helpOf(ui.Options{})}, {Name: "First screen of the demo", Keys: helpOf(ui.Options{Guide: &ui.Guide{}})},
		{Name: "Repositories", Keys: helpOf(opened("localhost:5000"))}, {Name: "Tags", Keys: helpOf(opened("localhost:5000/app"))},
		{Name: "Timeline of a tag", Keys: tags.NewTimeline(page.Env{}, model.Ref{}).Help().Keys},
		{Name: "Comparison, or one image", Keys: helpOf(opened("localhost:5000/app:testing", "localhost:5000/app:prod"))},
		{Name: "Details of a row", Keys: widget.NewDetail(safe.Text{}, proof).Help().Keys}, {Name: "One file", Keys: compare.FileHelp.Keys},
	}
	var b strings.Builder
	b.WriteString("# Keys\n\nThe keys of each screen, as `?` shows them there. The names are those of the [config file](config.md), which can add keys.\n")
	for _, g := range append(groups, otherKeys(groups)) {
		fmt.Fprintf(&b, "\n## %s\n\n| key | does | name |\n|---|---|---|\n", g.Name)
		for _, k := range g.Keys {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", keyCode(k), k.Help().Desc, keyName(k))
		}
	}
	path := filepath.Join("..", "..", "docs", "keys.md")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(doc), notes)
	uitest.GoldenFile(t, path, []byte(b.String()+notes+after))
}

// otherKeys returns the keys of the table that no group has.
func otherKeys(groups []page.KeyGroup) page.KeyGroup {
	other := page.KeyGroup{Name: "Other keys of a comparison"}
	for _, named := range page.NamedKeys() {
		has := func(k key.Binding) bool { return keyName(k) == named.Name }
		if !slices.ContainsFunc(groups, func(g page.KeyGroup) bool { return slices.ContainsFunc(g.Keys, has) }) {
			other.Keys = append(other.Keys, named.Binding)
		}
	}
	return other
}

// keyCode returns the keys of a binding as code.
func keyCode(k key.Binding) string {
	names := k.Keys()
	if len(names) == 0 || len(names) > 2 { // several digits
		names = []string{k.Help().Key}
	}
	return "`" + strings.ReplaceAll(strings.Join(names, "` `"), "|", `\|`) + "`"
}

// keyName returns the name of a key of the table, "" for another key.
func keyName(k key.Binding) string {
	name := ""
	for _, named := range page.NamedKeys() {
		switch same := len(k.Keys()) > 0 && named.Binding.Keys()[0] == k.Keys()[0]; {
		case same && named.Binding.Help().Desc == k.Help().Desc:
			return named.Name
		case same && name == "":
			name = named.Name
		}
	}
	return name
}
