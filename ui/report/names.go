package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/maruel/natural"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

func isCancel(err error) bool {
	return errors.Is(err, context.Canceled)
}

// Names prints a list of repositories or tags, one a line, in natural order:
// names that other programs can read, each a whole reference.
func Names(w io.Writer, form string, of model.Ref, names []string, o Options) error {
	slices.SortFunc(names, func(a, b string) int {
		if natural.Less(a, b) {
			return -1
		}
		return 1
	})
	if form == "json" {
		return namesJSON(w, of, names)
	}
	lead := ""
	if form == "markdown" {
		lead = "- "
	}
	for _, n := range names {
		if _, err := fmt.Fprintf(w, "%s%s\n", lead, fullName(of, n)); err != nil {
			return err
		}
	}
	return nil
}

func fullName(of model.Ref, name string) safe.Text {
	if of.Names() == model.NamesRegistry {
		return safe.Sprintf("%s/%s", of.Registry, name)
	}
	return safe.Sprintf("%s:%s", of.String(), name)
}

func namesJSON(w io.Writer, of model.Ref, names []string) error {
	kind := "repositories"
	if of.Names() == model.NamesRepository {
		kind = "tags"
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{"schema": "tagdiff/1", "of": of.String(), kind: append([]string{}, names...)})
}
