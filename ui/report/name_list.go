package report

import (
	"io"
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Names prints repositories or tags in natural order, one per line. Each is a full
// reference, which can be an argument of another command.
func Names(w io.Writer, form string, of model.Ref, names []string, o Options) error {
	slices.SortFunc(names, model.CompareNatural)
	if form == "json" {
		return namesJSON(w, of, names)
	}
	p := newPrinter(w, o)
	for _, n := range names {
		if form == "markdown" {
			p.line(safe.Const("- "), code(fullName(of, n)))
		} else {
			p.line(fullName(of, n))
		}
	}
	return p.end()
}

func fullName(of model.Ref, name string) safe.Text {
	if of.Names() == model.NamesRegistry {
		return safe.Sprintf("%s/%s", of.Registry, name)
	}
	return safe.Sprintf("%s:%s", of.String(), name)
}

// jsonNames contains either repositories or tags.
type jsonNames struct {
	Of           string   `json:"of"`
	Repositories []string `json:"repositories,omitzero"`
	Schema       string   `json:"schema"`
	Tags         []string `json:"tags,omitzero"`
}

func namesJSON(w io.Writer, of model.Ref, names []string) error {
	names = append([]string{}, names...)
	out := jsonNames{Of: of.String(), Schema: schema}
	if of.Names() == model.NamesRepository {
		out.Tags = names
	} else {
		out.Repositories = names
	}
	return writeJSON(w, out)
}
